using Cassini.Streams.Broker.Tracing;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Quotas;

namespace Cassini.Streams.Broker.Model;

/// <summary>
/// A message on its way to its subscribers. Its bytes are in the publisher's buffer. A copy is made only when a subscriber must keep
/// the message, and all such subscribers share that copy.
/// </summary>
internal ref struct Publication
{
    private ulong _origin;

    public required Topic Topic { get; init; }

    public ReadOnlySpan<byte> Payload { get; init; }

    /// <summary>Encoded properties that travel with the message, without their length.</summary>
    public ReadOnlySpan<byte> Properties { get; init; }

    /// <summary>Message expiry interval in seconds; null when it does not expire.</summary>
    public uint? Expiry { get; init; }

    public QualityOfService QoS { get; init; }

    public bool Retain { get; init; }

    /// <summary>The session that published it; null for the broker itself.</summary>
    public Subscriber? Publisher { get; init; }

    /// <summary>The node that sent it; null when it was published here.</summary>
    public Subscriber? Peer { get; init; }

    /// <summary>Which subscribers it is for.</summary>
    public Audience Audience { get; init; }

    /// <summary>Which of these; null for all.</summary>
    public IAddressees? Addressees { get; init; }

    /// <summary>How often it was handed on from node to node, because there was no member of its shared subscription any more.</summary>
    public byte Hops { get; init; }

    /// <summary>Whether another node sent it: then no other node gets it from here.</summary>
    public readonly bool IsOfPeer => Peer is not null;

    /// <summary>Its number, which no other message of the fleet has, on whichever node it is. Made when it is asked for.</summary>
    public ulong Origin
    {
        get => _origin == 0 ? _origin = MessageOrigin.Next() : _origin;
        init => _origin = value;
    }

    /// <summary>What other nodes retain it with; null when they do not: then only those get it whose clients have subscribed.</summary>
    public RetainedChange? Change { get; set; }

    /// <summary>When it expires, a timestamp, if that is known more exactly than from <see cref="Expiry"/>.</summary>
    public long? Deadline { get; init; }

    /// <summary>The same if it was asked for already; 0 otherwise.</summary>
    public readonly ulong KnownOrigin => _origin;

    /// <summary>The account of the identity that published it; it pays for what is retained.</summary>
    public required Account Account { get; init; }

    /// <summary>The packet as it arrived, when the same bytes may be sent to a subscriber that speaks <see cref="FrameVersion"/>.</summary>
    public ReadOnlySpan<byte> Frame { get; init; }

    public ProtocolVersion FrameVersion { get; init; }

    /// <summary>Its trace; null when it is not traced.</summary>
    public PublishTrace? Trace { get; init; }

    /// <summary>When it arrived: a timestamp.</summary>
    public long ReceivedAt { get; init; }

    /// <summary>The copy that subscribers keep; null as long as none had to.</summary>
    public StoredMessage? Stored { get; set; }

    /// <summary>Whether it is for a subscriber, as far as its audience says.</summary>
    public readonly bool IsFor(Subscriber subscriber) => Audience == Audience.All
        || (subscriber.KeepsMessages == (Audience == Audience.Keepers) && Addressees?.Includes(subscriber) is not false);

    /// <summary>A message that was stored, on its way to another subscriber.</summary>
    /// <param name="message">The message.</param>
    /// <param name="account">The account of the identity that it was on its way to.</param>
    /// <param name="now">A timestamp.</param>
    /// <param name="time">The clock.</param>
    /// <param name="origin">Its number in the fleet; 0 for a new one.</param>
    public static Publication Of(StoredMessage message, Account account, long now, TimeProvider time, ulong origin = 0) => new()
    {
        Topic = message.Topic,
        Account = account,
        Payload = message.Payload,
        Properties = message.Properties,
        Expiry = message.SecondsLeft(now, time),
        QoS = message.QoS,
        Retain = message.Retain,
        ReceivedAt = now,
        Stored = message,
        Origin = origin,
    };

    /// <summary>The copy to keep until it is delivered.</summary>
    public StoredMessage Store(TimeProvider time) =>
        Stored ??= new StoredMessage(Topic, Payload.ToArray(), Properties.ToArray(), QoS, ExpiresAt(time), Trace?.Untraced)
        {
            Retain = Retain,
        };

    /// <summary>The properties with which it is retained: without our trace.</summary>
    public readonly ReadOnlySpan<byte> RetainedProperties => Trace is null ? Properties : Trace.Own;

    /// <summary>
    /// The copy to retain: without our trace, because that ends before later subscribers read it. Without a trace, the copy to deliver.
    /// </summary>
    public StoredMessage Retained(TimeProvider time) =>
        Trace is null ? Store(time) : new StoredMessage(Topic, Payload.ToArray(), Trace.Own, QoS, ExpiresAt(time)) { Retain = true };

    private readonly long? ExpiresAt(TimeProvider time) =>
        Deadline is not null ? Deadline : Expiry is { } seconds ? ReceivedAt + (long)(seconds * (double)time.TimestampFrequency) : null;
}
