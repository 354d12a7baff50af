namespace Cassini.Streams.Broker.Model;

/// <summary>What the broker has counted since it started, and what it holds now.</summary>
/// <param name="Sessions">Sessions, open or kept.</param>
/// <param name="OpenSessions">Open sessions: those with a client.</param>
/// <param name="Subscriptions">Subscriptions of all sessions.</param>
/// <param name="Topics">Topics in use.</param>
/// <param name="RetainedMessages">Topics with a retained message.</param>
/// <param name="QueuedMessages">Copies of messages that wait to be sent or acknowledged.</param>
/// <param name="QueuedBytes">
/// The memory that messages take, in bytes: payloads, buffers, each queued copy, subscriptions, and retained topics with their nodes.
/// </param>
/// <param name="MemoryLimit">The most that it may be, in bytes: at the limit publishers must wait.</param>
/// <param name="PacketsReceived">Control packets read.</param>
/// <param name="PublishReceived">Messages read.</param>
/// <param name="PublishSent">Copies of messages written.</param>
/// <param name="Dropped">Copies dropped because their subscriber was too slow, or because memory was short.</param>
/// <param name="Expired">Copies that expired before they could be sent.</param>
/// <param name="Denied">Publishes and subscriptions that the rules denied.</param>
/// <param name="ProtocolViolations">Connections that ended because the peer broke the protocol.</param>
/// <param name="TooLarge">Copies left out because their subscriber accepts no packets of that size.</param>
public sealed record BrokerStatistics(
    int Sessions,
    int OpenSessions,
    int Subscriptions,
    int Topics,
    int RetainedMessages,
    long QueuedMessages,
    long QueuedBytes,
    long MemoryLimit,
    long PacketsReceived,
    long PublishReceived,
    long PublishSent,
    long Dropped,
    long Expired,
    long Denied,
    long ProtocolViolations,
    long TooLarge = 0)
{
    /// <summary>Sessions that ended with their connection.</summary>
    public long SessionsEndedWithConnection { get; init; }

    /// <summary>Kept sessions that expired.</summary>
    public long SessionsExpired { get; init; }

    /// <summary>Sessions that a clean start of their client discarded.</summary>
    public long SessionsDiscarded { get; init; }

    /// <summary>Sessions that another node of the fleet has now.</summary>
    public long SessionsMoved { get; init; }

    /// <summary>Sessions that an operator ended.</summary>
    public long SessionsEndedByOperator { get; init; }

    /// <summary>
    /// Connections that had to wait because several keep taking one client identifier from each other: see
    /// <see cref="BrokerOptions.MaxTakeOverDelay"/>.
    /// </summary>
    public long DelayedTakeOvers { get; init; }

    /// <summary>Clients refused because there were too many sessions, in all or of their identity.</summary>
    public long SessionsRefused { get; init; }

    /// <summary>
    /// Messages of clients that the broker did not take, because there was no memory for them. They are no dropped copies: a publisher is
    /// told of each but those of QoS 0.
    /// </summary>
    public long Refused { get; init; }

    /// <summary>The most sessions that were open at once.</summary>
    public int PeakSessions { get; init; }

    /// <summary>Bytes written to clients, before TLS.</summary>
    public long BytesSent { get; init; }
}
