using System.Collections.Immutable;
using Cassini.Streams.Events;
using Cassini.Streams.Health.Checks;
using Cassini.Streams.Health.Facts;

namespace Cassini.Streams.Health;

/// <summary>The accumulator of the fold: facts, counts and verdicts at one instant. Immutable.</summary>
internal sealed record HealthState
{
    /// <summary>The run of the process.</summary>
    public required Epoch Epoch { get; init; }

    /// <summary>The wall-clock time of elapsed zero, by the latest event: turns elapsed times into times for people.</summary>
    public required DateTimeOffset Origin { get; init; }

    /// <summary>The time of the last input.</summary>
    public TimeSpan Now { get; init; }

    /// <summary>The sequence of the last event folded in.</summary>
    public long Through { get; init; }

    public HealthCounts Counts { get; init; } = HealthCounts.Zero;

    public DateTimeOffset? LastConnection { get; init; }

    public LastError? LastError { get; init; }

    public PhaseFacts Phase { get; init; } = PhaseFacts.None;

    public EndpointFacts Endpoints { get; init; } = EndpointFacts.None;

    public ManagerFacts Manager { get; init; } = ManagerFacts.None;

    public CanaryFacts Canary { get; init; } = CanaryFacts.None;

    public required CrashFacts Crashes { get; init; }

    public required HandshakeFacts Handshakes { get; init; }

    public CertificateFacts Certificates { get; init; } = CertificateFacts.None;

    public LoadFacts Load { get; init; } = LoadFacts.None;

    public TopicFacts Topics { get; init; } = TopicFacts.None;

    public required ImmutableArray<CheckState> Checks { get; init; }

    /// <summary>The overall status: ok, degraded or error.</summary>
    public HealthStatus Status { get; init; } = HealthStatus.Error;

    public bool Ready { get; init; }

    public bool Live { get; init; }

    public long Revision { get; init; }

    /// <summary>The transitions that the last input brought about, in their order.</summary>
    public ImmutableArray<HealthChanged> Transitions { get; init; } = [];

    /// <summary>When something changes next if nothing happens until then.</summary>
    public TimeSpan NextDeadline { get; init; } = TimeSpan.MaxValue;

    /// <summary>The state before the first event of an epoch.</summary>
    public static HealthState Initial(Epoch epoch, DateTimeOffset startedAt, HealthPolicy policy)
    {
        var state = new HealthState
        {
            Epoch = epoch,
            Origin = startedAt,
            Crashes = new CrashFacts(new SlidingCounter(policy.CrashWindow)),
            Handshakes = new HandshakeFacts(new SlidingCounter(policy.HandshakeWindow)),
            Checks = [.. AllChecks.InOrder.Select(check => new CheckState(check, new SlidingCounter(policy.FlappingWindow)))],
        };
        return HealthReducer.Settle(state, TimeSpan.Zero, policy) with { Transitions = [], Revision = 1 };
    }

    /// <summary>An elapsed time as a time for people, within the calendar.</summary>
    public DateTimeOffset WallClock(TimeSpan elapsed) =>
        elapsed <= DateTimeOffset.MaxValue - Origin ? Origin + elapsed : DateTimeOffset.MaxValue;
}
