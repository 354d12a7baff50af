using Cassini.Streams.Events;

namespace Cassini.Streams.Health.Facts;

/// <summary>The durable store: whether it is open, whether it fails, and how fast it is.</summary>
internal sealed record StoreFacts
{
    public static readonly StoreFacts None = new();

    /// <summary>What readers see; null when there is no store.</summary>
    public StoreHealth? Visible { get; init; }

    /// <summary>What it fails at; null when it does not.</summary>
    public StoreProblem? Problem { get; init; }

    /// <summary>What needs attention though everything is kept; null when nothing does.</summary>
    public string? Warning { get; init; }

    /// <summary>Why the journal's log grows; null when it does not.</summary>
    public string? CheckpointFailure { get; init; }

    /// <summary>Why messages cannot be read back; null when they can.</summary>
    public string? ReadFailure { get; init; }

    public TimeSpan Lag { get; init; }

    public TimeSpan SlowestCommit { get; init; }

    /// <summary>The longest wait for the disk, whether it is over or not.</summary>
    public TimeSpan Slowest => Lag > SlowestCommit ? Lag : SlowestCommit;

    /// <summary>Whether commits are slow, and whether they stand still.</summary>
    public bool Slow { get; init; }

    public bool Stalled { get; init; }

    /// <summary>The event that the present state is from.</summary>
    public long Cause { get; init; }

    public StoreFacts Apply(BrokerEvent happened, long sequence, HealthPolicy policy)
    {
        var seen = this with { Visible = StoreHealth.After(Visible, happened) };
        return happened switch
        {
            StoreFailed e => seen with { Problem = e.Problem, Cause = sequence },
            StoreResumed => seen with { Problem = null, Cause = sequence },
            LoadSampled { Store: { } load } => (seen with
            {
                Warning = load.Warning,
                CheckpointFailure = load.CheckpointFailure,
                ReadFailure = load.ReadFailure,
                Lag = load.Lag,
                SlowestCommit = load.SlowestCommit,
                Cause = Problem is null ? sequence : Cause,
            }).Judged(policy, Slow, Stalled),
            _ => seen with { Cause = sequence },
        };
    }

    /// <summary>The same evidence under another policy.</summary>
    public StoreFacts Under(HealthPolicy policy) => Judged(policy, wasSlow: false, wasStalled: false);

    private StoreFacts Judged(HealthPolicy policy, bool wasSlow, bool wasStalled) => this with
    {
        Slow = Threshold.Exceeds(Slowest, policy.SlowCommit, policy.LeaveRatio, wasSlow),
        Stalled = Threshold.Exceeds(Lag, policy.StalledCommit, policy.LeaveRatio, wasStalled),
    };
}
