using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Broker.Model;

/// <summary>The broker's counters. They only grow while the process runs. Thread-safe.</summary>
internal sealed class BrokerCounters
{
    private long _packetsReceived;
    private long _publishReceived;
    private long _publishSent;
    private long _packetsSent;
    private long _bytesReceived;
    private long _bytesSent;
    private long _payloadReceived;
    private long _payloadSent;
    private long _droppedQoS0;
    private long _droppedReliable;
    private long _expired;
    private long _tooLarge;
    private long _denied;
    private long _violations;
    private long _delayed;
    private long _sessionsRefused;
    private long _refused;
    private readonly long[] _sessionsEnded = new long[Enum.GetValues<SessionEndReason>().Length];

    /// <summary>Control packets read.</summary>
    public long PacketsReceived => Interlocked.Read(ref _packetsReceived);

    /// <summary>PUBLISH packets read.</summary>
    public long PublishReceived => Interlocked.Read(ref _publishReceived);

    /// <summary>PUBLISH packets written.</summary>
    public long PublishSent => Interlocked.Read(ref _publishSent);

    /// <summary>Control packets written.</summary>
    public long PacketsSent => Interlocked.Read(ref _packetsSent);

    /// <summary>Bytes of the packets read.</summary>
    public long BytesReceived => Interlocked.Read(ref _bytesReceived);

    public long BytesSent => Interlocked.Read(ref _bytesSent);

    /// <summary>Bytes of the payloads of the PUBLISH packets read.</summary>
    public long PayloadReceived => Interlocked.Read(ref _payloadReceived);

    /// <summary>Bytes of the payloads of the PUBLISH packets written.</summary>
    public long PayloadSent => Interlocked.Read(ref _payloadSent);

    /// <summary>QoS 0 copies dropped because their subscriber was too slow, or because memory was short.</summary>
    public long DroppedQoS0 => Interlocked.Read(ref _droppedQoS0);

    /// <summary>QoS 1 and 2 copies dropped because their session's queue was full.</summary>
    public long DroppedReliable => Interlocked.Read(ref _droppedReliable);

    public long Dropped => DroppedQoS0 + DroppedReliable;

    /// <summary>Messages that were not taken, because there was no memory for them.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>Copies that expired before they were sent.</summary>
    public long Expired => Interlocked.Read(ref _expired);

    /// <summary>Copies left out because their subscriber accepts no packets of that size.</summary>
    public long TooLarge => Interlocked.Read(ref _tooLarge);

    /// <summary>Publishes and subscriptions that the rules denied.</summary>
    public long Denied => Interlocked.Read(ref _denied);

    /// <summary>Connections ended because the peer broke the protocol.</summary>
    public long Violations => Interlocked.Read(ref _violations);

    /// <summary>Connections that waited to take a session over.</summary>
    public long Delayed => Interlocked.Read(ref _delayed);

    /// <summary>Clients refused because there were too many sessions, in all or of their identity.</summary>
    public long SessionsRefused => Interlocked.Read(ref _sessionsRefused);

    /// <summary>Sessions that ended for one reason.</summary>
    public long SessionsEnded(SessionEndReason reason) => Interlocked.Read(ref _sessionsEnded[(int)reason]);

    public void AddReceived(in Traffic read)
    {
        Interlocked.Add(ref _packetsReceived, read.Packets);
        Interlocked.Add(ref _bytesReceived, read.Bytes);
        if (read.Messages > 0)
        {
            Interlocked.Add(ref _publishReceived, read.Messages);
            Interlocked.Add(ref _payloadReceived, read.Payload);
        }
    }

    public void AddSent(in Traffic written)
    {
        Interlocked.Add(ref _packetsSent, written.Packets);
        Interlocked.Add(ref _bytesSent, written.Bytes);
        if (written.Messages > 0)
        {
            Interlocked.Add(ref _publishSent, written.Messages);
            Interlocked.Add(ref _payloadSent, written.Payload);
        }
    }

    public void AddDropped(QualityOfService qos) =>
        Interlocked.Increment(ref qos == QualityOfService.AtMostOnce ? ref _droppedQoS0 : ref _droppedReliable);

    public void AddRefused() => Interlocked.Increment(ref _refused);

    public void AddExpired() => Interlocked.Increment(ref _expired);

    public void AddTooLarge() => Interlocked.Increment(ref _tooLarge);

    public void AddDenied() => Interlocked.Increment(ref _denied);

    public void AddEnded(SessionEndReason reason) => Interlocked.Increment(ref _sessionsEnded[(int)reason]);

    public void AddSessionRefused() => Interlocked.Increment(ref _sessionsRefused);

    public void AddDelayed() => Interlocked.Increment(ref _delayed);

    public void AddViolation() => Interlocked.Increment(ref _violations);
}
