using System.Globalization;
using Cassini.Streams.Events;

namespace Cassini.Streams.Health.Checks;

/// <summary>The listener manager answers within the window, quickly, and its counts agree with the fold's.</summary>
internal sealed class ManagerCheck : Check
{
    public override string Name => CheckNames.Manager;

    public override bool InReadyz => true;

    public override object Basis(HealthState state) => state.Manager;

    public override Verdict Judge(HealthState state, HealthPolicy policy, TimeSpan now, HealthStatus raw)
    {
        var facts = state.Manager;
        if (facts.LastHeartbeat is not { } last)
        {
            return Verdict.Of(HealthStatus.Unknown, Reasons.NoEvidence, "no heartbeat yet");
        }

        if (now - last >= policy.Window)
        {
            return Verdict.Of(
                HealthStatus.Error, Reasons.HeartbeatMissing, $"no heartbeat from the listener manager within {Seconds(policy.Window)}", facts.Cause);
        }

        var verdict = Verdict.Ok();
        if (facts.ContradictedSince is { } since)
        {
            if (now - since >= policy.Window)
            {
                return Verdict.Of(
                    HealthStatus.Error,
                    Reasons.CountsContradict,
                    string.Create(CultureInfo.InvariantCulture, $"the listener manager counts {facts.Claimed} live connections, the events {facts.Folded}"),
                    facts.ContradictionCause).Before(last + policy.Window);
            }

            verdict = verdict.Before(since + policy.Window);
        }

        if (facts.Slow)
        {
            verdict = Verdict.Of(
                HealthStatus.Degraded,
                Reasons.HeartbeatSlow,
                string.Create(CultureInfo.InvariantCulture, $"a heartbeat took {facts.RoundTrip.TotalMilliseconds:0} ms"),
                facts.Cause).Before(verdict.Until);
        }

        return verdict.Before(last + policy.Window);
    }

    private static string Seconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.##} s");
}
