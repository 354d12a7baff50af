using System.Collections.Immutable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Broker.Durable;

/// <summary>Everything that a store holds.</summary>
/// <param name="Sessions">The sessions.</param>
/// <param name="Retained">
/// The retained messages, each with the identity that pays for it and, in a fleet, its stamp.
/// </param>
/// <param name="Wills">The wills of clients whose connection ended with the broker: they are due.</param>
internal sealed record BrokerState(
    ImmutableArray<SessionState> Sessions,
    ImmutableArray<(StoredMessage Message, string Identity, RetainedStamp Stamp)> Retained,
    ImmutableArray<WillState> Wills)
{
    public static readonly BrokerState Empty = new([], [], []);

    /// <summary>Topics whose retained message was removed in a fleet, and when.</summary>
    public ImmutableArray<(byte[] Topic, RetainedStamp Stamp)> RetainedMarks { get; init; } = [];

    /// <summary>What is known of those that are not kept any more.</summary>
    public RetainedStamp RetainedFloor { get; init; }
}

/// <summary>A session that outlives its connection.</summary>
/// <param name="ClientId">Its client identifier.</param>
/// <param name="Identity">The identity that owns it.</param>
/// <param name="ExpirySeconds">Session expiry interval; <see cref="uint.MaxValue"/> means never.</param>
internal sealed record SessionRecord(string ClientId, string Identity, uint ExpirySeconds);

/// <summary>A subscription of a stored session.</summary>
/// <param name="Filter">Its filter.</param>
/// <param name="QoS">The most that it gets.</param>
/// <param name="NoLocal">Whether it gets no message of its own client.</param>
/// <param name="RetainAsPublished">Whether its messages keep their RETAIN flag.</param>
/// <param name="Identifiers">What is sent with its messages.</param>
/// <param name="AwaitsRetained">Whether it has still to get retained messages: after a restart it gets all of them.</param>
internal sealed record SubscriptionRecord(
    string Filter, QualityOfService QoS, bool NoLocal, bool RetainAsPublished, ImmutableArray<int> Identifiers,
    bool AwaitsRetained = false);

/// <summary>A will.</summary>
/// <param name="ClientId">The client whose will it is.</param>
/// <param name="Identity">Its identity, which pays for it.</param>
/// <param name="Topic">A valid topic name.</param>
/// <param name="Payload">The payload.</param>
/// <param name="Properties">Encoded properties that are sent with it, without their length.</param>
/// <param name="QoS">Quality of service.</param>
/// <param name="Retain">Whether it is to be retained.</param>
/// <param name="Expiry">Message expiry interval in seconds; null when it does not expire.</param>
/// <param name="Delay">Will delay interval in seconds.</param>
internal sealed record WillRecord(
    string ClientId, string Identity, byte[] Topic, ReadOnlyMemory<byte> Payload, byte[] Properties, QualityOfService QoS, bool Retain,
    uint? Expiry, uint Delay);

/// <summary>A will that was stored.</summary>
/// <param name="Number">Its number in the store.</param>
/// <param name="Will">The will.</param>
/// <param name="Age">How long ago its connection was lost.</param>
internal sealed record WillState(long Number, WillRecord Will, TimeSpan Age);

/// <summary>A session with everything that belongs to it.</summary>
/// <param name="Store">Keeps it from now on.</param>
/// <param name="Session">The session.</param>
/// <param name="Away">How long it has had no connection.</param>
/// <param name="Subscriptions">Its subscriptions.</param>
/// <param name="Messages">Its messages: first those in flight, in the order in which they were sent, then those that wait.</param>
/// <param name="Backlog">Those that wait behind these, and are only in the store; null when there are none.</param>
/// <param name="Received">The identifiers of QoS 2 messages that were received and not released.</param>
/// <param name="IsOver">Whether it ended, but for the messages that others have still to get.</param>
internal sealed record SessionState(
    ISessionStore Store,
    SessionRecord Session,
    TimeSpan Away,
    ImmutableArray<SubscriptionRecord> Subscriptions,
    ImmutableArray<(QueuedMessage Message, ushort PacketId, DeliveryState State)> Messages,
    StoredBacklog? Backlog,
    ImmutableArray<ushort> Received,
    bool IsOver = false)
{
    /// <summary>How long ago its client connected that was connected to the end; null for others, and when that is not known.</summary>
    public TimeSpan? Present { get; init; }

    /// <summary>Whether only others have still to get something of it. One that was to end with its connection has ended.</summary>
    public bool IsOnlyForOthers => IsOver || Session.ExpirySeconds == 0;
}
