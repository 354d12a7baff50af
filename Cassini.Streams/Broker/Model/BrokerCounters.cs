using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Broker.Model;

/// <summary>The broker's counters. They only grow while the process runs. Thread-safe.</summary>
internal sealed class BrokerCounters
{
    private long _packetsReceived;
    private long _publishReceived;
    private long _publishSent;
    private long _bytesSent;
    private long _droppedQoS0;
    private long _droppedReliable;
    private long _expired;
    private long _tooLarge;
    private long _denied;
    private long _violations;
    private readonly long[] _sessionsEnded = new long[Enum.GetValues<SessionEndReason>().Length];

    /// <summary>Control packets read.</summary>
    public long PacketsReceived => Interlocked.Read(ref _packetsReceived);

    /// <summary>PUBLISH packets read.</summary>
    public long PublishReceived => Interlocked.Read(ref _publishReceived);

    /// <summary>PUBLISH packets written.</summary>
    public long PublishSent => Interlocked.Read(ref _publishSent);

    public long BytesSent => Interlocked.Read(ref _bytesSent);

    /// <summary>QoS 0 copies dropped because their subscriber was too slow, or because memory was short.</summary>
    public long DroppedQoS0 => Interlocked.Read(ref _droppedQoS0);

    /// <summary>QoS 1 and 2 copies dropped because their session's queue was full.</summary>
    public long DroppedReliable => Interlocked.Read(ref _droppedReliable);

    public long Dropped => DroppedQoS0 + DroppedReliable;

    /// <summary>Copies that expired before they were sent.</summary>
    public long Expired => Interlocked.Read(ref _expired);

    /// <summary>Copies left out because their subscriber accepts no packets of that size.</summary>
    public long TooLarge => Interlocked.Read(ref _tooLarge);

    /// <summary>Publishes and subscriptions that the rules denied.</summary>
    public long Denied => Interlocked.Read(ref _denied);

    /// <summary>Connections ended because the peer broke the protocol.</summary>
    public long Violations => Interlocked.Read(ref _violations);

    /// <summary>Sessions that ended for one reason.</summary>
    public long SessionsEnded(SessionEndReason reason) => Interlocked.Read(ref _sessionsEnded[(int)reason]);

    public void AddReceived(int packets, int publishes)
    {
        Interlocked.Add(ref _packetsReceived, packets);
        if (publishes > 0)
        {
            Interlocked.Add(ref _publishReceived, publishes);
        }
    }

    public void AddSent(int publishes, int bytes)
    {
        Interlocked.Add(ref _publishSent, publishes);
        Interlocked.Add(ref _bytesSent, bytes);
    }

    public void AddDropped(QualityOfService qos) =>
        Interlocked.Increment(ref qos == QualityOfService.AtMostOnce ? ref _droppedQoS0 : ref _droppedReliable);

    public void AddExpired() => Interlocked.Increment(ref _expired);

    public void AddTooLarge() => Interlocked.Increment(ref _tooLarge);

    public void AddDenied() => Interlocked.Increment(ref _denied);

    public void AddEnded(SessionEndReason reason) => Interlocked.Increment(ref _sessionsEnded[(int)reason]);

    public void AddViolation() => Interlocked.Increment(ref _violations);
}
