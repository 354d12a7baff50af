namespace Cassini.Streams.Broker.Connections;

/// <summary>What a connection's reader does next.</summary>
internal enum Step
{
    /// <summary>Every whole packet is handled: read more.</summary>
    ReadOn,

    /// <summary>More was received than one slice of work handles: give the thread to others, then go on.</summary>
    GoOn,

    /// <summary>The next packet waits until there is memory for it.</summary>
    AwaitMemory,

    /// <summary>The next packet waits, because the client publishes too fast.</summary>
    AwaitRate,

    /// <summary>The connection ends.</summary>
    Close,
}
