using System.Collections.Immutable;
using Cassini.Streams.Events;

namespace Cassini.Streams.Broker.Model;

/// <summary>What the broker counted since it started, and holds at the moment.</summary>
/// <param name="Sessions">Sessions, open or kept.</param>
/// <param name="OpenSessions">Open sessions: those with a client.</param>
/// <param name="Subscriptions">Subscriptions of all sessions.</param>
/// <param name="Topics">Topics in use.</param>
/// <param name="RetainedMessages">Topics with a retained message.</param>
/// <param name="QueuedMessages">Copies of messages that wait for their subscriber, or for its acknowledgement.</param>
/// <param name="QueuedBytes">What messages take in memory, in bytes.</param>
/// <param name="MemoryLimit">What they may take, in bytes.</param>
/// <param name="PacketsReceived">Control packets read.</param>
/// <param name="PublishReceived">Messages read.</param>
/// <param name="PublishSent">Copies of messages written.</param>
/// <param name="Dropped">Copies dropped: the subscriber was too slow, or memory short.</param>
/// <param name="Expired">Copies that expired before they could be sent.</param>
/// <param name="Denied">Publishes and subscriptions that the rules denied.</param>
/// <param name="ProtocolViolations">Connections that ended because the peer broke the protocol.</param>
/// <param name="TooLarge">Copies left out because their subscriber takes no packets of that size.</param>
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
    /// <summary>Sessions that ended, by <see cref="SessionEndReason"/>.</summary>
    public ImmutableArray<long> SessionsEnded { get; init; } = [.. new long[Enum.GetValues<SessionEndReason>().Length]];

    /// <summary>The most sessions that were open at once.</summary>
    public int PeakSessions { get; init; }

    /// <summary>Bytes written to clients, before TLS.</summary>
    public long BytesSent { get; init; }
}
