using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Broker.Model;

/// <summary>
/// A message that outlives its packet: queued, in flight or retained. All holders share it. It is immutable, except for the count of
/// its holders, which decides when its bytes count in the memory budget, and for what retaining it changes.
/// </summary>
internal sealed class StoredMessage(
    Topic topic, byte[] payload, byte[] properties, QualityOfService qos, long? expiresAt, byte[]? untraced = null)
{
    /// <summary>The memory that the objects around the bytes take.</summary>
    private const int Overhead = 120;

    private int _holders;
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

    public int Size => Overhead + Payload.Length + Properties.Length + (Untraced?.Length ?? 0);

    public void Hold(MemoryBudget budget)
    {
        if (Interlocked.Increment(ref _holders) == 1)
        {
            budget.Take(Size);
        }
    }

    public void Release(MemoryBudget budget)
    {
        if (Interlocked.Decrement(ref _holders) == 0)
        {
            budget.Return(Size);
        }
    }

    /// <summary>Whether it is the retained message of its topic now and has not expired.</summary>
    public bool IsCurrent(long now) => IsRetained && !IsExpired(now);

    public bool IsExpired(long now) => ExpiresAt is { } at && now >= at;

    /// <summary>
    /// The rest of the message expiry interval, in seconds: the time that the message waited here is subtracted [MQTT-3.3.2-6].
    /// </summary>
    public uint? SecondsLeft(long now, TimeProvider time) => ExpiresAt is { } at
        ? (uint)Math.Clamp(Math.Ceiling(time.GetElapsedTime(now, at).TotalSeconds), 0, uint.MaxValue)
        : null;
}
