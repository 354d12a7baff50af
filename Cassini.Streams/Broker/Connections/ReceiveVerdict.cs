namespace Cassini.Streams.Broker.Connections;

/// <summary>What a QoS 2 message from a client is to its session.</summary>
internal enum ReceiveVerdict
{
    New,

    /// <summary>It came before, and was delivered then.</summary>
    Repeated,

    /// <summary>The client has too many under way.</summary>
    TooMany,

    /// <summary>Another connection has the session.</summary>
    TakenOver,
}
