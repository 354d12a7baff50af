using Cassini.Streams.Mqtt;
using Cassini.Streams.Quotas;

namespace Cassini.Streams.Broker.Model;

/// <summary>
/// A message that outlives its packet: queued, in flight or retained. All holders share it: its bytes count once for each identity that
/// holds it, and once for all together. It is immutable, except for the count of its holders, and for what retaining it changes.
/// </summary>
internal sealed class StoredMessage(
    Topic topic, byte[] payload, byte[] properties, QualityOfService qos, long? expiresAt, byte[]? untraced = null)
{
    /// <summary>The memory that the objects around the bytes take.</summary>
    private const int Overhead = 120;

    private Holders _holders;
    private long _retainedPlace = long.MaxValue;
    private bool _isRetained;

    public Topic Topic { get; } = topic;

    public byte[] Payload { get; } = payload;

    /// <summary>Encoded properties that are sent with it, without their length.</summary>
    public byte[] Properties { get; } = properties;

    /// <summary>
    /// The properties before the broker added a trace, for a client that accepts no longer packet. Null when no trace was added.
    /// </summary>
    public byte[]? Untraced { get; } = untraced;

    /// <summary>As it was published.</summary>
    public QualityOfService QoS { get; } = qos;

    /// <summary>
    /// The RETAIN flag with which it was published. That of a copy may differ, because it depends on the subscription: so another member of
    /// a share may have to get it with another flag than the first.
    /// </summary>
    public bool Retain { get; init; }

    /// <summary>A timestamp; null when it does not expire.</summary>
    public long? ExpiresAt { get; } = expiresAt;

    /// <summary>
    /// Its number in the order of retained messages and subscriptions; <see cref="long.MaxValue"/> while it has none.
    /// </summary>
    public long RetainedPlace
    {
        get => Volatile.Read(ref _retainedPlace);
        set => Volatile.Write(ref _retainedPlace, value);
    }

    /// <summary>Whether it is the retained message of its topic now: not before, and not after another one replaced it.</summary>
    public bool IsRetained
    {
        get => Volatile.Read(ref _isRetained);
        set => Volatile.Write(ref _isRetained, value);
    }

    /// <summary>Who pays for it while it is retained. Belongs to the lock of the retained messages.</summary>
    public AccountMemory? Keeper { get; set; }

    /// <summary>
    /// The group of the journal in which it was written last, and its place among the messages of that group. For the thread that writes.
    /// </summary>
    public (long Writing, int Place) WrittenIn { get; set; }

    /// <summary>About how much memory it takes, in bytes; with its topic, if that is in memory for it alone.</summary>
    public int Size { get; } = Overhead + payload.Length + properties.Length + (untraced?.Length ?? 0)
        + (topic.IsListed ? 0 : 3 * topic.Utf8.Length);

    /// <summary>How many bytes of it are in the store.</summary>
    public int StoredSize => Topic.Utf8.Length + Payload.Length + Properties.Length;

    /// <summary>One more holds it.</summary>
    /// <param name="memory">The memory of the identity that causes it.</param>
    /// <param name="more">What the holder takes in addition.</param>
    public void Hold(AccountMemory memory, int more = 0)
    {
        var (own, added) = _holders.Enter(memory);
        memory.Take(more + (own * Size), more + (added * Size));
    }

    /// <inheritdoc cref="Hold(AccountMemory, int)"/>
    /// <param name="tally">What the holder has, of the identity that causes it.</param>
    /// <param name="more">What the holder takes in addition.</param>
    public void Hold(MemoryTally tally, int more)
    {
        var (own, added) = _holders.Enter(tally.Memory);
        tally.Take(more + (own * Size), more + (added * Size));
    }

    /// <summary>One that held it does so no more.</summary>
    /// <inheritdoc cref="Hold(AccountMemory, int)" path="/param"/>
    public void Release(AccountMemory memory, int more = 0)
    {
        var (own, added) = _holders.Leave(memory);
        memory.Return(more + (own * Size), more + (added * Size));
    }

    /// <summary>One that held it does so no more.</summary>
    /// <inheritdoc cref="Hold(MemoryTally, int)" path="/param"/>
    public void Release(MemoryTally tally, int more)
    {
        var (own, added) = _holders.Leave(tally.Memory);
        tally.Return(more + (own * Size), more + (added * Size));
    }

    /// <summary>Whether it is the retained message of its topic now and has not expired.</summary>
    public bool IsCurrent(long now) => IsRetained && !IsExpired(now);

    public bool IsExpired(long now) => ExpiresAt is { } at && now >= at;

    /// <summary>When it expires, UTC in milliseconds since 1970; null when it does not.</summary>
    public long? ExpiresAtUtc(TimeProvider time) => ExpiresAt is { } at
        ? Math.Max(0, time.GetUtcNow().ToUnixTimeMilliseconds() + (long)time.GetElapsedTime(time.GetTimestamp(), at).TotalMilliseconds)
        : null;

    /// <summary>
    /// The rest of the message expiry interval, in seconds: the time that the message waited here is subtracted [MQTT-3.3.2-6].
    /// </summary>
    public uint? SecondsLeft(long now, TimeProvider time) => ExpiresAt is { } at
        ? (uint)Math.Clamp(Math.Ceiling(time.GetElapsedTime(now, at).TotalSeconds), 0, uint.MaxValue)
        : null;
}
