using System.Collections.Immutable;
using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Broker.Model;

/// <summary>
/// Where the broker's state can be kept so that it outlives the process. The broker works on its own memory; each change of what must
/// last is put here at once, and <see cref="CommitAsync"/> is awaited before a client learns of it. A session whose expiry interval is 0
/// ends with its connection and is never put here. Any thread; the changes of one session come one after another, in their order, under
/// its lock: a store must not block in them and must not call back.
/// </summary>
internal interface IBrokerStore
{
    /// <summary>Everything that was kept. Called once at most, before the first change.</summary>
    ValueTask<BrokerState> LoadAsync(CancellationToken cancellationToken);

    /// <summary>A session was opened, or its expiry changed.</summary>
    void PutSession(SessionRecord session);

    /// <summary>A session ended, with everything that belongs to it.</summary>
    void DeleteSession(string clientId);

    void PutSubscription(string clientId, SubscriptionRecord subscription);

    void DeleteSubscription(string clientId, string filter);

    /// <summary>A copy was queued.</summary>
    void PutMessage(string clientId, QueuedMessage message);

    /// <summary>The delivery of a copy has reached a state, under a packet identifier.</summary>
    void PutDelivery(string clientId, long sequence, ushort packetId, DeliveryState state);

    /// <summary>A copy was delivered, expired or dropped.</summary>
    void DeleteMessage(string clientId, long sequence);

    /// <summary>A QoS 2 message was received: its identifier must be known until it is released.</summary>
    void PutReceived(string clientId, ushort packetId);

    void DeleteReceived(string clientId, ushort packetId);

    void PutRetained(StoredMessage message);

    void DeleteRetained(string topic);

    /// <summary>Ends when every change that was put before is as safe as this store makes it.</summary>
    ValueTask CommitAsync();
}

/// <summary>A session that lasts.</summary>
/// <param name="ClientId">Its client identifier.</param>
/// <param name="Identity">The identity that it belongs to.</param>
/// <param name="ExpirySeconds">Session expiry interval; <see cref="uint.MaxValue"/> means never.</param>
internal sealed record SessionRecord(string ClientId, string Identity, uint ExpirySeconds);

/// <summary>A subscription that lasts.</summary>
internal sealed record SubscriptionRecord(
    string Filter, QualityOfService QoS, bool NoLocal, bool RetainAsPublished, ImmutableArray<int> Identifiers);

/// <summary>A session with everything of it.</summary>
internal sealed record SessionState(
    SessionRecord Session,
    ImmutableArray<SubscriptionRecord> Subscriptions,
    ImmutableArray<(QueuedMessage Message, ushort PacketId, DeliveryState State)> Messages,
    ImmutableArray<ushort> Received);

/// <summary>Everything that a store kept.</summary>
internal sealed record BrokerState(ImmutableArray<SessionState> Sessions, ImmutableArray<StoredMessage> Retained);
