namespace Cassini.Streams.Broker.Model;

/// <summary>Why a client does not keep up with its messages, the worst first.</summary>
public enum SlowReason
{
    /// <summary>
    /// It does not read: what is being written to its connection, 64 KiB at most, has not been taken for 5 s or longer. So also when the
    /// connection is slower than 13 KiB a second.
    /// </summary>
    NotReading,

    /// <summary>It lost messages within the last minute, because its queue was full. Also when it is away.</summary>
    Dropping,

    /// <summary>
    /// It does not acknowledge: as many messages of QoS 1 and 2 are in flight as it takes at once, and at least as many more wait.
    /// </summary>
    NotAcknowledging,

    /// <summary>It reads, but more than half of what may wait to be sent to it waits.</summary>
    Behind,
}
