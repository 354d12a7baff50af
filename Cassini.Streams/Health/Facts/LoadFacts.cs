using Cassini.Streams.Events;

namespace Cassini.Streams.Health.Facts;

/// <summary>The last sample of the load, and the last report of lost messages.</summary>
internal sealed record LoadFacts
{
    public static readonly LoadFacts None = new();

    public long Queued { get; init; }

    public bool OverSoft { get; init; }

    public bool OverHard { get; init; }

    public long Cause { get; init; }

    public MessagesDropped? LastDrop { get; init; }

    public TimeSpan LastDropAt { get; init; }

    public long DropCause { get; init; }

    public LoadFacts Apply(MessagesDropped dropped, long sequence, TimeSpan now) =>
        this with { LastDrop = dropped, LastDropAt = now, DropCause = sequence };

    public LoadFacts Apply(LoadSampled sample, long sequence, HealthPolicy policy) => this with
    {
        Queued = sample.QueuedMessages,
        OverSoft = Threshold.Exceeds(sample.QueuedMessages, policy.BacklogSoft, policy.LeaveRatio, OverSoft),
        OverHard = Threshold.Exceeds(sample.QueuedMessages, policy.BacklogHard, policy.LeaveRatio, OverHard),
        Cause = sequence,
    };
}
