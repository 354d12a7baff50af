using Cassini.Streams.Events;
using Cassini.Streams.Health.Facts;

namespace Cassini.Streams.Health.Checks;

/// <summary>The process serves: it is not ready in any phase except ready.</summary>
internal sealed class PhaseCheck : Check
{
    public override string Name => CheckNames.Phase;

    public override bool InReadyz => true;

    public override bool IsDamped => false;

    public override object Basis(HealthFacts facts) => facts.Phase;

    public override Verdict Judge(HealthFacts facts, HealthPolicy policy, TimeSpan now, HealthStatus raw) => facts.Phase.Phase switch
    {
        Phase.Ready => Verdict.Ok(),
        Phase.Starting => NotReady(HealthStatus.Unknown, Reasons.Starting, "not every endpoint had its first bind attempt", facts),
        Phase.Recovering => NotReady(HealthStatus.Degraded, Reasons.Recovering, "durable state is being read back", facts),
        Phase.Draining => NotReady(HealthStatus.Degraded, Reasons.Draining, "stopping gracefully: no new clients", facts),
        _ => NotReady(HealthStatus.Error, Reasons.Stopped, "stopped", facts),
    };

    public override Fails FailedProbes(HealthStatus status, Fails flags) => flags;

    private static Verdict NotReady(HealthStatus status, string reason, string message, HealthFacts facts) =>
        Verdict.Of(status, reason, message, facts.Phase.Cause) with { Fails = Fails.Readyz };
}
