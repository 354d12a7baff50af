namespace Cassini.Harness.Load;

/// <summary>What a publisher has done so far.</summary>
internal sealed record PublisherCounts
{
    /// <summary>Different messages that were given to the connection.</summary>
    public long Sent { get; init; }

    /// <summary>Of those, the ones that the broker acknowledged; at QoS 0, that were written to the connection.</summary>
    public long Acknowledged { get; init; }

    /// <summary>Messages that the broker refused; at QoS 0, that could not be written because the connection had ended.</summary>
    public long Failed { get; init; }

    /// <summary>Messages that were sent again after a loss of the connection, with the sequences that they had.</summary>
    public long Retransmitted { get; init; }

    /// <summary>Connections that were lost and opened again.</summary>
    public long Reconnects { get; init; }

    /// <summary>Bytes of payload of <see cref="Acknowledged"/>.</summary>
    public long Bytes { get; init; }

    /// <summary>From the start to the end of the last client.</summary>
    public TimeSpan Elapsed { get; init; }

    /// <summary>How many messages each client sent.</summary>
    public IReadOnlyList<long> OfClients { get; init; } = [];

    /// <summary>What went wrong last; null when nothing did.</summary>
    public string? LastError { get; init; }
}
