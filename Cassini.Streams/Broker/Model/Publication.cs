using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Broker.Model;

/// <summary>
/// A message on its way to its subscribers. It lies in the publisher's buffer; only who must keep it gets a copy, and all get the
/// same one.
/// </summary>
internal ref struct Publication
{
    private StoredMessage? _stored;

    public required Topic Topic { get; init; }

    public ReadOnlySpan<byte> Payload { get; init; }

    /// <summary>Encoded properties that travel with the message, without their length.</summary>
    public ReadOnlySpan<byte> Properties { get; init; }

    /// <summary>Message expiry interval in seconds; null when it does not expire.</summary>
    public uint? Expiry { get; init; }

    public QualityOfService QoS { get; init; }

    public bool Retain { get; init; }

    /// <summary>Who published it; null for the broker itself.</summary>
    public Subscriber? Publisher { get; init; }

    /// <summary>The packet as it came, when a subscriber that speaks <see cref="FrameVersion"/> may get just these bytes.</summary>
    public ReadOnlySpan<byte> Frame { get; init; }

    public ProtocolVersion FrameVersion { get; init; }

    /// <summary>Its trace; null when it is not traced.</summary>
    public PublishTrace? Trace { get; init; }

    /// <summary>When it came: a timestamp.</summary>
    public long ReceivedAt { get; init; }

    /// <summary>The copy to keep until it is delivered.</summary>
    public StoredMessage Store(TimeProvider time) =>
        _stored ??= new StoredMessage(Topic, Payload.ToArray(), Properties.ToArray(), QoS, ExpiresAt(time), Trace?.Untraced);

    /// <summary>The copy to retain: without our trace, which later subscribers have no part in. The one to deliver when there is none.</summary>
    public StoredMessage Retained(TimeProvider time) =>
        Trace is null ? Store(time) : new StoredMessage(Topic, Payload.ToArray(), Trace.Own, QoS, ExpiresAt(time));

    private readonly long? ExpiresAt(TimeProvider time) =>
        Expiry is { } seconds ? ReceivedAt + (long)(seconds * (double)time.TimestampFrequency) : null;
}
