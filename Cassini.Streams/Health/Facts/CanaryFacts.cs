using System.Collections.Immutable;
using Cassini.Streams.Events;

namespace Cassini.Streams.Health.Facts;

/// <summary>The canary's results, and whether other clients can connect.</summary>
internal sealed record CanaryFacts
{
    public static readonly CanaryFacts None = new();

    public string? Disabled { get; init; }

    public bool EverSucceeded { get; init; }

    public int ConsecutiveFailures { get; init; }

    public CanaryFailed? LastFailure { get; init; }

    public TimeSpan? LastResult { get; init; }

    public TimeSpan RoundTrip { get; init; }

    public bool Slow { get; init; }

    public TimeSpan? LastOtherClient { get; init; }

    public ImmutableArray<long> Causes { get; init; } = [];

    public CanaryFacts Apply(BrokerEvent happened, long sequence, TimeSpan now, HealthPolicy policy) => happened switch
    {
        CanaryDisabled e => this with { Disabled = e.Reason, Causes = [sequence] },
        CanarySucceeded e => this with
        {
            Disabled = null,
            EverSucceeded = true,
            ConsecutiveFailures = 0,
            LastFailure = null,
            LastResult = now,
            RoundTrip = e.Total,
            Slow = Threshold.Exceeds(e.Total, policy.SlowCanary, policy.LeaveRatio, Slow),
            Causes = [sequence],
        },
        CanaryFailed e => this with
        {
            Disabled = null,
            // The expiry of the canary's own certificate is no evidence about the broker, so it must not count in later verdicts.
            ConsecutiveFailures = e.Reason is CanaryFailure.OwnCertificateExpired ? ConsecutiveFailures : ConsecutiveFailures + 1,
            LastFailure = e,
            LastResult = now,
            Causes = ConsecutiveFailures == 0 ? [sequence] : [Causes[0], sequence],
        },

        // Probe traffic causes no events, so the client that opened this session is not the canary.
        SessionOpened => this with { LastOtherClient = now },
        _ => this,
    };
}
