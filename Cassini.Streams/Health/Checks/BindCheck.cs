using System.Globalization;
using Cassini.Streams.Events;
using Cassini.Streams.Health.Facts;
using Cassini.Streams.Primitives;

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
            var count = $"{missing.Length} of {Quantity.Of(endpoints.Length, "endpoint")} {(missing.Length == 1 ? "is" : "are")} not bound";
            var message = $"{count}: {string.Join("; ", missing.Select(Describe))}";
            return Verdict.Of(HealthStatus.Error, reason, message, missing.Select(fact => fact.Cause).ToArray());
        }

        return endpoints.IsEmpty || endpoints.Any(fact => fact.State is EndpointState.Pending)
            ? Verdict.Of(HealthStatus.Unknown, Reasons.NoEvidence, "an endpoint has not been bound yet")
            : Verdict.Ok();
    }

    private static string Describe(EndpointFact fact) => fact.State is EndpointState.Closed
        ? $"{fact.Address} (closed)"
        : string.Create(CultureInfo.InvariantCulture, $"{fact.Address} ({fact.Error}), retry in {fact.RetryIn.TotalSeconds:0.##} s");
}
