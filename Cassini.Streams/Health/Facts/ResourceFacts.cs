using Cassini.Streams.Events;

namespace Cassini.Streams.Health.Facts;

/// <summary>
/// How much of one resource was in use at the last sample, or when something was turned away since, because then all was in use.
/// </summary>
internal sealed record ResourceFacts
{
    public static readonly ResourceFacts None = new();

    /// <summary>A sample that has no more than this part in use has room for anything.</summary>
    private const double HasRoomAt = 0.9;

    public long Used { get; init; }

    /// <summary>0 before the first sample, or when the host has no such resource.</summary>
    public long Limit { get; init; }

    public string? Holder { get; init; }

    public long Held { get; init; }

    public bool IsHigh { get; init; }

    /// <summary>Whether clients or messages are turned away.</summary>
    public bool IsFull { get; init; }

    /// <summary>Whether a sample has had room since something was turned away last.</summary>
    public bool HadRoom { get; init; }

    public long Cause { get; init; }

    private double Share => Limit > 0 ? (double)Used / Limit : 0;

    /// <summary>Something was turned away: all of the limit is in use, whatever the sample before said.</summary>
    /// <param name="sequence">The event.</param>
    /// <param name="policy">The thresholds.</param>
    /// <param name="reached">What the event says about the limit and who holds most; null when it says nothing.</param>
    public ResourceFacts Refused(long sequence, HealthPolicy policy, CapacityReached? reached = null)
    {
        var limit = reached?.Limit ?? Limit;
        var refused = this with
        {
            IsFull = true,
            HadRoom = false,
            Cause = IsFull ? Cause : sequence,
            Used = Math.Max(Used, limit),
            Limit = limit,
        };
        refused = reached?.Holder is { } holder ? refused with { Holder = holder, Held = reached.Held } : refused;
        return refused with { IsHigh = refused.Exceeds(policy, IsHigh) };
    }

    /// <summary>A sample was taken.</summary>
    /// <param name="use">The sample; null when the host has no such resource.</param>
    /// <param name="sequence">Its event.</param>
    /// <param name="policy">The thresholds.</param>
    /// <param name="waits">Whether one waits at the limit first, so that it is full only when it still is at the next sample.</param>
    /// <param name="takesSizes">
    /// Whether what is turned away has a size, or waits: then there may be a little room while it is turned away from time to time, and a
    /// single sample a little below the limit does not prove that it is not.
    /// </param>
    public ResourceFacts Apply(ResourceUse? use, long sequence, HealthPolicy policy, bool waits = false, bool takesSizes = false)
    {
        if (use is null || (use.Used == Used && use.Limit == Limit && use.Holder == Holder && use.Held == Held && !IsFull && Used < Limit))
        {
            return this;
        }

        var wasAtLimit = IsFull || (Limit > 0 && Used >= Limit);
        var sampled = this with { Used = use.Used, Limit = use.Limit, Holder = use.Holder, Held = use.Held, Cause = sequence };
        return sampled with
        {
            IsFull = use.IsAtLimit ? wasAtLimit || !waits : takesSizes && IsFull && !HadRoom && use.Used > use.Limit * HasRoomAt,
            HadRoom = !use.IsAtLimit,
            IsHigh = sampled.Exceeds(policy, IsHigh),
        };
    }

    /// <summary>The same evidence under another policy.</summary>
    public ResourceFacts Under(HealthPolicy policy) => this with { IsHigh = Exceeds(policy, isHigh: false) };

    private bool Exceeds(HealthPolicy policy, bool isHigh) => Threshold.Exceeds(Share, policy.CapacityHigh, policy.LeaveRatio, isHigh);
}
