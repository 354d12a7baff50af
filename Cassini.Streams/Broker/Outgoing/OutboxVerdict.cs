namespace Cassini.Streams.Broker.Outgoing;

/// <summary>What an outbox did with a message.</summary>
internal enum OutboxVerdict
{
    Taken,

    /// <summary>Dropped, because the client is too far behind or memory is exhausted.</summary>
    Full,

    /// <summary>The packet is larger than the client accepts: it is left out as if it had been sent [MQTT-3.1.2-25].</summary>
    TooLarge,

    /// <summary>The connection ends.</summary>
    Closed,
}
