namespace Cassini.Streams.Broker.Sessions;

/// <summary>What a QoS 2 message from a client is to its session.</summary>
internal enum ReceiveVerdict
{
    New,

    /// <summary>It was received before, and delivered then.</summary>
    Repeated,

    /// <summary>The client has too many in flight.</summary>
    TooMany,

    /// <summary>Another connection has the session.</summary>
    TakenOver,
}
