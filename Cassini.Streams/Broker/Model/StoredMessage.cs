using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Broker.Model;

/// <summary>
/// A message that outlives the packet that brought it: queued, in flight or retained. Immutable and shared by all who hold it;
/// only the count of its holders changes, which says when its bytes weigh on the memory budget.
/// </summary>
internal sealed class StoredMessage(
    Topic topic, byte[] payload, byte[] properties, QualityOfService qos, long? expiresAt, byte[]? untraced = null)
{
    /// <summary>What the objects around the bytes take.</summary>
    private const int Overhead = 120;

    private int _holders;

    public Topic Topic { get; } = topic;

    public byte[] Payload { get; } = payload;

    /// <summary>Encoded properties that travel with it, without their length.</summary>
    public byte[] Properties { get; } = properties;

    /// <summary>Shorter properties, for who takes no longer packet: those before the broker added a trace. Null when it did not.</summary>
    public byte[]? Untraced { get; } = untraced;

    /// <summary>As it was published.</summary>
    public QualityOfService QoS { get; } = qos;

    /// <summary>A timestamp; null when it does not expire.</summary>
    public long? ExpiresAt { get; } = expiresAt;

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

    public bool IsExpired(long now) => ExpiresAt is { } at && now >= at;

    /// <summary>What is left of the message expiry interval, in seconds: the time it waited here is taken off [MQTT-3.3.2-6].</summary>
    public uint? SecondsLeft(long now, TimeProvider time) => ExpiresAt is { } at
        ? (uint)Math.Clamp(Math.Ceiling(time.GetElapsedTime(now, at).TotalSeconds), 0, uint.MaxValue)
        : null;
}
