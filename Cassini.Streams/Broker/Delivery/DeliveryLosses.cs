using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Outgoing;
using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Broker.Delivery;

/// <summary>Counts the copies that one session lost. Thread-safe.</summary>
internal sealed class DeliveryLosses(BrokerCounters counters)
{
    /// <summary>No timestamp.</summary>
    private const long Never = long.MinValue;

    /// <summary>So long a loss is recent.</summary>
    private static readonly TimeSpan Recent = TimeSpan.FromMinutes(1);

    private long _dropped;
    private long _reported;
    private long _reportedAt = Never;

    /// <summary>How many copies were dropped.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>Counts a copy that was not delivered.</summary>
    public void Count(OutboxVerdict verdict, Topic topic, QualityOfService qos)
    {
        // What the broker publishes about itself is not counted: publishing its health would change its health, for ever.
        if (verdict == OutboxVerdict.Full && !topic.IsSystem)
        {
            // Here first: the report relies on that.
            Interlocked.Increment(ref _dropped);
            counters.AddDropped(qos);
        }
        else if (verdict == OutboxVerdict.TooLarge)
        {
            counters.AddTooLarge();
        }
    }

    /// <summary>How many copies were dropped since the last call. One caller at a time.</summary>
    /// <param name="now">A timestamp.</param>
    public long TakeDropped(long now)
    {
        var dropped = Dropped;
        var since = dropped - _reported;
        _reported = dropped;
        if (since > 0)
        {
            Volatile.Write(ref _reportedAt, now);
        }

        return since;
    }

    /// <summary>Whether copies were dropped within the last minute, as far as <see cref="TakeDropped"/> has noted it. Any thread.</summary>
    public bool IsRecent(TimeProvider time) =>
        Volatile.Read(ref _reportedAt) is var at and not Never && time.GetElapsedTime(at) < Recent;
}
