using Cassini.Streams.Events;

namespace Cassini.Streams.Health.Facts;

/// <summary>The last sample of the load, and the last report of lost messages.</summary>
internal sealed record LoadFacts
{
    public static readonly LoadFacts None = new();

    public long Queued { get; init; }

    /// <summary>The identity for whose absent clients most messages wait; null when none do.</summary>
    public string? Holder { get; init; }

    /// <summary>How many wait for these.</summary>
    public long Held { get; init; }

    public bool OverSoft { get; init; }

    /// <summary>Whether the rest is over the hard limit: what one identity's absent clients leave waiting is its own trouble.</summary>
    public bool OverHard { get; init; }

    /// <summary>What waits for others than the absent clients of <see cref="Holder"/>.</summary>
    public long Rest => Queued - Held;

    public long Cause { get; init; }

    public MessagesDropped? LastDrop { get; init; }

    public TimeSpan LastDropAt { get; init; }

    public long DropCause { get; init; }

    public LoadFacts Apply(MessagesDropped dropped, long sequence, TimeSpan now) =>
        this with { LastDrop = dropped, LastDropAt = now, DropCause = sequence };

    public LoadFacts Apply(LoadSampled sample, long sequence, HealthPolicy policy)
    {
        var sampled = this with
        {
            Queued = sample.QueuedMessages,
            Holder = sample.BacklogHolder,
            Held = sample.BacklogHeld,
            Cause = sequence,
        };
        return sampled.Judged(policy, OverSoft, OverHard);
    }

    /// <summary>The same evidence under another policy.</summary>
    public LoadFacts Under(HealthPolicy policy) => Judged(policy, wasOverSoft: false, wasOverHard: false);

    private LoadFacts Judged(HealthPolicy policy, bool wasOverSoft, bool wasOverHard) => this with
    {
        OverSoft = Threshold.Exceeds(Queued, policy.BacklogSoft, policy.LeaveRatio, wasOverSoft),
        OverHard = Threshold.Exceeds(Rest, policy.BacklogHard, policy.LeaveRatio, wasOverHard),
    };
}
