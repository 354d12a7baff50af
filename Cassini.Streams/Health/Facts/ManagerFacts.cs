using Cassini.Streams.Events;

namespace Cassini.Streams.Health.Facts;

/// <summary>What the heartbeats report about the listener manager.</summary>
internal sealed record ManagerFacts
{
    public static readonly ManagerFacts None = new();

    public TimeSpan? LastHeartbeat { get; init; }

    public TimeSpan RoundTrip { get; init; }

    public bool Slow { get; init; }

    public TimeSpan? ContradictedSince { get; init; }

    public long ContradictionCause { get; init; }

    public int Claimed { get; init; }

    public long Folded { get; init; }

    public long Cause { get; init; }

    /// <param name="heartbeat">The heartbeat.</param>
    /// <param name="sequence">Its sequence.</param>
    /// <param name="now">Its time.</param>
    /// <param name="live">Live connections by the fold's own count.</param>
    /// <param name="policy">The thresholds.</param>
    public ManagerFacts Apply(HeartbeatReceived heartbeat, long sequence, TimeSpan now, long live, HealthPolicy policy)
    {
        // Each event published after the manager counted can have changed the count by at most one, so a difference of up to
        // that many is not a contradiction.
        var unseen = sequence - 1 - heartbeat.CountedAt;
        var contradicts = Math.Abs(live - heartbeat.LiveConnections) > Math.Max(0, unseen);
        return new ManagerFacts
        {
            LastHeartbeat = now,
            RoundTrip = heartbeat.RoundTrip,
            Slow = Threshold.Exceeds(heartbeat.RoundTrip, policy.SlowRoundTrip, policy.LeaveRatio, Slow),
            ContradictedSince = contradicts ? ContradictedSince ?? now : null,
            ContradictionCause = contradicts && ContradictedSince is not null ? ContradictionCause : sequence,
            Claimed = heartbeat.LiveConnections,
            Folded = live,
            Cause = sequence,
        };
    }
}
