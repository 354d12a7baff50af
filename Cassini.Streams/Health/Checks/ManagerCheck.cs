using System.Globalization;
using Cassini.Streams.Events;
using Cassini.Streams.Health.Facts;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Health.Checks;

/// <summary>The listener manager answers within the window, without a slow round trip, and its counts agree with the fold's.</summary>
internal sealed class ManagerCheck : Check
{
    public override string Name => CheckNames.Manager;

    public override bool InReadyz => true;

    public override object Basis(HealthFacts facts) => facts.Manager;

    public override Verdict Judge(HealthFacts facts, HealthPolicy policy, TimeSpan now, HealthStatus raw)
    {
        var manager = facts.Manager;
        if (facts.Phase.Phase is Phase.Stopped)
        {
            // The manager was stopped with everything else, so its silence is no fault.
            return Verdict.Ok();
        }

        if (manager.LastHeartbeat is not { } last)
        {
            return Verdict.Of(HealthStatus.Unknown, Reasons.NoEvidence, "no heartbeat yet");
        }

        if (now - last >= policy.Window)
        {
            return Verdict.Of(
                HealthStatus.Error, Reasons.HeartbeatMissing,
                $"no heartbeat from the listener manager within {Seconds(policy.Window)}", manager.Cause);
        }

        var verdict = Verdict.Ok();
        if (manager.ContradictedSince is { } since)
        {
            if (now - since >= policy.Window)
            {
                return Verdict.Of(
                    HealthStatus.Error,
                    Reasons.CountsContradict,
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"the listener manager counts {Quantity.Of(manager.Claimed, "live connection")}, the events {manager.Folded}"),
                    manager.ContradictionCause).Before(last + policy.Window);
            }

            verdict = verdict.Before(since + policy.Window);
        }

        if (manager.Slow)
        {
            verdict = Verdict.Of(
                HealthStatus.Degraded,
                Reasons.HeartbeatSlow,
                string.Create(CultureInfo.InvariantCulture, $"a heartbeat took {manager.RoundTrip.TotalMilliseconds:0} ms"),
                manager.Cause).Before(verdict.Until);
        }

        return verdict.Before(last + policy.Window);
    }

    private static string Seconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.##} s");
}
