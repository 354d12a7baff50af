namespace Cassini.Streams.Broker.Outgoing;

/// <summary>What an outbox is doing.</summary>
internal enum OutboxState
{
    /// <summary>Nothing to send.</summary>
    Idle,

    /// <summary>Will be flushed at the end of a batch.</summary>
    Noted,

    /// <summary>A drain is scheduled or at work.</summary>
    Draining,

    /// <summary>What comes next must not be sent before something is durable.</summary>
    Held,

    Closed,
}
