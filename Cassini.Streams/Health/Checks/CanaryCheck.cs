using System.Globalization;
using Cassini.Streams.Events;
using Cassini.Streams.Health.Facts;

namespace Cassini.Streams.Health.Checks;

/// <summary>A real client of our own gets through. Another client's success caps a failure at degraded.</summary>
internal sealed class CanaryCheck : Check
{
    public override string Name => CheckNames.Canary;

    public override bool InReadyz => true;

    public override object Basis(HealthState state) => state.Canary;

    public override Verdict Judge(HealthState state, HealthPolicy policy, TimeSpan now, HealthStatus raw)
    {
        var facts = state.Canary;
        if (facts.Disabled is { } why)
        {
            return Verdict.Of(HealthStatus.Off, Reasons.CanaryOff, why, facts.Causes.AsSpan());
        }

        if (facts.LastResult is not { } last)
        {
            return Verdict.Of(HealthStatus.Unknown, Reasons.NoEvidence, "the canary has not reported yet");
        }

        var stale = last + policy.CanaryWindow;
        if (stale <= now)
        {
            return Verdict.Of(HealthStatus.Error, Reasons.CanaryStale, "the canary has not reported for too long", facts.Causes.AsSpan());
        }

        return JudgeResult(facts, policy, now).Before(stale);
    }

    private static Verdict JudgeResult(CanaryFacts facts, HealthPolicy policy, TimeSpan now)
    {
        if (facts.LastFailure is not { } failure)
        {
            return facts.Slow
                ? Verdict.Of(
                    HealthStatus.Degraded,
                    Reasons.CanarySlow,
                    string.Create(CultureInfo.InvariantCulture, $"the canary's round trip took {facts.RoundTrip.TotalMilliseconds:0} ms"),
                    facts.Causes.AsSpan())
                : Verdict.Ok();
        }

        if (failure.Reason is CanaryFailure.OwnCertificateExpired)
        {
            return Verdict.Of(HealthStatus.Degraded, Reasons.CanaryCertificateExpired, failure.Detail, facts.Causes.AsSpan());
        }

        var message = string.Create(
            CultureInfo.InvariantCulture,
            $"{facts.ConsecutiveFailures} in a row failed; the last at {failure.Stage}{(failure.Endpoint is null ? "" : $" of {failure.Endpoint}")}: {failure.Detail}");
        if (facts.ConsecutiveFailures < policy.CanaryErrorAfter)
        {
            // One failure after successes is a warning; before the first success it proves nothing either way.
            return Verdict.Of(
                facts.EverSucceeded ? HealthStatus.Degraded : HealthStatus.Unknown, Reasons.CanaryFailed, message, facts.Causes.AsSpan());
        }

        var cappedUntil = facts.LastOtherClient + policy.OtherClientWindow;
        return cappedUntil > now
            ? Verdict.Of(HealthStatus.Degraded, Reasons.CanaryFailed, message + " (another client got in)", facts.Causes.AsSpan()).Before(cappedUntil.Value)
            : Verdict.Of(HealthStatus.Error, Reasons.CanaryFailed, message, facts.Causes.AsSpan());
    }
}
