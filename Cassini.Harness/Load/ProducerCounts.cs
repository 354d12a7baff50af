namespace Cassini.Harness.Load;

/// <summary>What a producer has done so far.</summary>
internal sealed record ProducerCounts
{
    /// <summary>Different messages that were made and given to the connection.</summary>
    public long Sent { get; init; }

    /// <summary>Of those, what the broker has: acknowledged, or at QoS 0 handed over to the connection.</summary>
    public long Acknowledged { get; init; }

    /// <summary>Refused by the broker, or at QoS 0 cut off by the end of the connection.</summary>
    public long Failed { get; init; }

    /// <summary>Sent again after a lost connection, with the sequence that they had.</summary>
    public long Retransmitted { get; init; }

    /// <summary>Connections that were lost and opened again.</summary>
    public long Reconnects { get; init; }

    /// <summary>Bytes of payload of <see cref="Acknowledged"/>.</summary>
    public long Bytes { get; init; }

    /// <summary>From the start to the end of the last client.</summary>
    public TimeSpan Elapsed { get; init; }

    /// <summary>How many messages each client sent.</summary>
    public IReadOnlyList<long> OfClients { get; init; } = [];

    /// <summary>What went wrong last; null if nothing did.</summary>
    public string? LastError { get; init; }
}
