using Cassini.Streams.Broker.Model;

namespace Cassini.Streams.Broker.Durable;

/// <summary>Keeps one session. Its members are called under the session's lock.</summary>
internal interface ISessionStore
{
    /// <summary>The ticket of its last change.</summary>
    long LastTicket { get; }

    /// <summary>Its expiry interval changed.</summary>
    void Put(SessionRecord session);

    /// <summary>It has got or lost its connection.</summary>
    void PutPresence(bool isConnected);

    /// <summary>It ended, with everything that belongs to it. Nothing follows.</summary>
    void End();

    void PutSubscription(SubscriptionRecord subscription);

    void DeleteSubscription(string filter);

    /// <summary>A copy was queued.</summary>
    void PutMessage(in QueuedMessage message);

    /// <summary>The delivery of a copy reached a state, under a packet identifier.</summary>
    void PutDelivery(long sequence, ushort packetId, DeliveryState state);

    /// <summary>A copy was delivered, expired or dropped.</summary>
    void DeleteMessage(long sequence);

    /// <summary>A QoS 2 message was received: its identifier must be known until it is released.</summary>
    void PutReceived(ushort packetId);

    void DeleteReceived(ushort packetId);
}
