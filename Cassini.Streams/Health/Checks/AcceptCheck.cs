using System.Globalization;
using Cassini.Streams.Events;
using Cassini.Streams.Health.Facts;

namespace Cassini.Streams.Health.Checks;

/// <summary>Every bound endpoint's accept loop acknowledges our probes within the window, and without a slow round trip.</summary>
internal sealed class AcceptCheck : Check
{
    public override string Name => CheckNames.Accept;

    public override bool InReadyz => true;

    public override object Basis(HealthFacts facts) => facts.Endpoints;

    public override Verdict Judge(HealthFacts facts, HealthPolicy policy, TimeSpan now, HealthStatus raw)
    {
        var bound = facts.Endpoints.All.Where(fact => fact.State is EndpointState.Bound).ToArray();
        if (bound.Length == 0)
        {
            if (facts.Endpoints.All.Any(fact => fact.IsRetired))
            {
                return Verdict.Ok();
            }

            return Verdict.Of(HealthStatus.Unknown, Reasons.NothingBound, "no endpoint is bound");
        }

        var until = TimeSpan.MaxValue;
        var stalled = new List<EndpointFact>();
        foreach (var fact in bound)
        {
            var deadline = (fact.LastProbe is { } probe && probe > fact.Since ? probe : fact.Since) + policy.Window;
            if (deadline <= now)
            {
                stalled.Add(fact);
            }
            else if (deadline < until)
            {
                until = deadline;
            }
        }

        if (stalled.Count > 0)
        {
            var addresses = string.Join(", ", stalled.Select(fact => fact.Address));
            var message = string.Create(
                CultureInfo.InvariantCulture,
                $"no acknowledgement within {policy.Window.TotalSeconds:0.##} s from {addresses}");
            return Verdict.Of(
                HealthStatus.Error, Reasons.AcceptStalled, message,
                stalled.Select(fact => Math.Max(fact.Cause, fact.LastProbeCause)).ToArray()).Before(until);
        }

        if (bound.Any(fact => fact.LastProbe is null || fact.LastProbe < fact.Since))
        {
            return Verdict.Of(HealthStatus.Unknown, Reasons.NoEvidence, "an endpoint has not been probed since it was bound").Before(until);
        }

        var slow = bound.Where(fact => fact.SlowProbe).ToArray();
        return (slow.Length == 0
            ? Verdict.Ok()
            : Verdict.Of(
                HealthStatus.Degraded,
                Reasons.AcceptSlow,
                $"slow to accept: {string.Join(", ", slow.Select(fact => fact.Address))}",
                slow.Select(fact => fact.LastProbeCause).ToArray())).Before(until);
    }
}
