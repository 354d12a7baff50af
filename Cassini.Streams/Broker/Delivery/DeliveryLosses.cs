using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Outgoing;
using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Broker.Delivery;

/// <summary>Counts the copies that one session lost. Thread-safe.</summary>
internal sealed class DeliveryLosses(BrokerCounters counters)
{
    private long _dropped;
    private long _reported;

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
    public long TakeDropped()
    {
        var dropped = Dropped;
        var since = dropped - _reported;
        _reported = dropped;
        return since;
    }
}
