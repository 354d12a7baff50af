using System.Globalization;
using Cassini.Streams.Events;
using Cassini.Streams.Health.Facts;

namespace Cassini.Streams.Health.Checks;

/// <summary>Every endpoint is bound.</summary>
internal sealed class BindCheck : Check
{
    public override string Name => CheckNames.Bind;

    public override bool InReadyz => true;

    public override object Basis(HealthFacts facts) => facts.Endpoints;

    public override Verdict Judge(HealthFacts facts, HealthPolicy policy, TimeSpan now, HealthStatus raw)
    {
        var endpoints = facts.Endpoints.All;
        var missing = endpoints.Where(fact => fact.State is EndpointState.Failed or EndpointState.Closed && !fact.IsRetired).ToArray();
        if (missing.Length > 0)
        {
            var reason = missing.Any(fact => fact.State is EndpointState.Failed) ? Reasons.BindFailed : Reasons.EndpointClosed;
            var message = string.Create(
                CultureInfo.InvariantCulture,
                $"{missing.Length} of {endpoints.Length} {Plural(endpoints.Length)} not bound: {string.Join("; ", missing.Select(Describe))}");
            return Verdict.Of(HealthStatus.Error, reason, message, missing.Select(fact => fact.Cause).ToArray());
        }

        return endpoints.IsEmpty || endpoints.Any(fact => fact.State is EndpointState.Pending)
            ? Verdict.Of(HealthStatus.Unknown, Reasons.NoEvidence, "an endpoint has not been bound yet")
            : Verdict.Ok();
    }

    private static string Plural(int count) => count == 1 ? "endpoint is" : "endpoints is";

    private static string Describe(EndpointFact fact) => fact.State is EndpointState.Closed
        ? $"{fact.Address} (closed)"
        : string.Create(CultureInfo.InvariantCulture, $"{fact.Address} ({fact.Error}), retry in {fact.RetryIn.TotalSeconds:0.##} s");
}
