using System.Collections.Immutable;
using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Broker.Model;

/// <summary>
/// Keeps the broker's state, so that it outlives the process. The broker works on its own memory. It passes each change of durable state
/// to the store at once, and awaits <see cref="CommitAsync"/> before a client learns of the change. A session whose expiry interval is
/// 0 ends with its connection and is never stored. Any thread. The changes of one session arrive one after another, in order, under the
/// session's lock: a store must not block in them and must not call back.
/// </summary>
internal interface IBrokerStore
{
    /// <summary>Loads everything that was stored. Called at most once, before the first change.</summary>
    ValueTask<BrokerState> LoadAsync(CancellationToken cancellationToken);

    /// <summary>A session was opened, or its expiry changed.</summary>
    void PutSession(SessionRecord session);

    /// <summary>A session ended, with everything that belongs to it.</summary>
    void DeleteSession(string clientId);

    void PutSubscription(string clientId, SubscriptionRecord subscription);

    void DeleteSubscription(string clientId, string filter);

    /// <summary>A copy was queued.</summary>
    void PutMessage(string clientId, QueuedMessage message);

    /// <summary>The delivery of a copy reached a state, under a packet identifier.</summary>
    void PutDelivery(string clientId, long sequence, ushort packetId, DeliveryState state);

    /// <summary>A copy was delivered, expired or dropped.</summary>
    void DeleteMessage(string clientId, long sequence);

    /// <summary>A QoS 2 message was received: its identifier must be known until it is released.</summary>
    void PutReceived(string clientId, ushort packetId);

    void DeleteReceived(string clientId, ushort packetId);

    void PutRetained(StoredMessage message);

    void DeleteRetained(string topic);

    /// <summary>Completes when every earlier change is as durable as this store makes it.</summary>
    ValueTask CommitAsync();
}

/// <summary>A session that outlives its connection.</summary>
/// <param name="ClientId">Its client identifier.</param>
/// <param name="Identity">The identity that owns it.</param>
/// <param name="ExpirySeconds">Session expiry interval; <see cref="uint.MaxValue"/> means never.</param>
internal sealed record SessionRecord(string ClientId, string Identity, uint ExpirySeconds);

/// <summary>A subscription of a stored session.</summary>
internal sealed record SubscriptionRecord(
    string Filter, QualityOfService QoS, bool NoLocal, bool RetainAsPublished, ImmutableArray<int> Identifiers);

/// <summary>A session with everything that belongs to it.</summary>
internal sealed record SessionState(
    SessionRecord Session,
    ImmutableArray<SubscriptionRecord> Subscriptions,
    ImmutableArray<(QueuedMessage Message, ushort PacketId, DeliveryState State)> Messages,
    ImmutableArray<ushort> Received);

/// <summary>Everything that a store holds.</summary>
internal sealed record BrokerState(ImmutableArray<SessionState> Sessions, ImmutableArray<StoredMessage> Retained);
