using Cassini.Streams.Events;

namespace Cassini.Streams.Health.Checks;

/// <summary>The process serves: not ready in any phase but ready.</summary>
internal sealed class PhaseCheck : Check
{
    public override string Name => CheckNames.Phase;

    public override bool InReadyz => true;

    public override bool IsDamped => false;

    public override object Basis(HealthState state) => state.Phase;

    public override Verdict Judge(HealthState state, HealthPolicy policy, TimeSpan now, HealthStatus raw) => state.Phase.Phase switch
    {
        Phase.Ready => Verdict.Ok(),
        Phase.Starting => NotReady(HealthStatus.Unknown, Reasons.Starting, "not every endpoint had its first bind attempt", state),
        Phase.Recovering => NotReady(HealthStatus.Degraded, Reasons.Recovering, "durable state is being read back", state),
        Phase.Draining => NotReady(HealthStatus.Degraded, Reasons.Draining, "stopping gracefully: no new clients", state),
        _ => NotReady(HealthStatus.Error, Reasons.Stopped, "stopped", state),
    };

    public override Fails FailedProbes(HealthStatus status, Fails flags) => flags;

    private static Verdict NotReady(HealthStatus status, string reason, string message, HealthState state) =>
        Verdict.Of(status, reason, message, state.Phase.Cause) with { Fails = Fails.Readyz };
}
