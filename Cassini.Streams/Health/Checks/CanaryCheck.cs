using System.Globalization;
using Cassini.Streams.Events;
using Cassini.Streams.Health.Facts;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Health.Checks;

/// <summary>The canary, a real client of our own, can connect. Another client's success limits a failure to degraded.</summary>
internal sealed class CanaryCheck : Check
{
    public override string Name => CheckNames.Canary;

    public override bool InReadyz => true;

    public override object Basis(HealthFacts facts) => facts.Canary;

    public override Verdict Judge(HealthFacts facts, HealthPolicy policy, TimeSpan now, HealthStatus raw)
    {
        var canary = facts.Canary;
        if (canary.Disabled is { } why)
        {
            return Verdict.Of(HealthStatus.Off, Reasons.CanaryOff, why, canary.Causes.AsSpan());
        }

        if (canary.LastResult is not { } last)
        {
            return Verdict.Of(HealthStatus.Unknown, Reasons.NoEvidence, "the canary has not reported yet");
        }

        var stale = last + policy.CanaryWindow;
        if (stale <= now)
        {
            return Verdict.Of(HealthStatus.Error, Reasons.CanaryStale, "the canary has not reported for too long", canary.Causes.AsSpan());
        }

        return JudgeResult(canary, policy, now).Before(stale);
    }

    private static Verdict JudgeResult(CanaryFacts canary, HealthPolicy policy, TimeSpan now)
    {
        if (canary.LastFailure is not { } failure)
        {
            return canary.Slow
                ? Verdict.Of(
                    HealthStatus.Degraded,
                    Reasons.CanarySlow,
                    string.Create(CultureInfo.InvariantCulture, $"the canary's round trip took {canary.RoundTrip.TotalMilliseconds:0} ms"),
                    canary.Causes.AsSpan())
                : Verdict.Ok();
        }

        if (failure.Reason is CanaryFailure.OwnCertificateExpired)
        {
            return Verdict.Of(HealthStatus.Degraded, Reasons.CanaryCertificateExpired, failure.Detail, canary.Causes.AsSpan());
        }

        var trips = canary.ConsecutiveFailures == 1
            ? "a round trip failed"
            : $"{Quantity.Of(canary.ConsecutiveFailures, "round trip")} in a row failed; the last";
        var message = $"{trips} at {failure.Stage}{(failure.Endpoint is null ? "" : $" of {failure.Endpoint}")}: {failure.Detail}";
        if (canary.ConsecutiveFailures < policy.CanaryErrorAfter)
        {
            // One failure after successes is a warning. Before the first success it proves neither health nor failure.
            return Verdict.Of(
                canary.EverSucceeded ? HealthStatus.Degraded : HealthStatus.Unknown, Reasons.CanaryFailed, message, canary.Causes.AsSpan());
        }

        var cappedUntil = canary.LastOtherClient + policy.OtherClientWindow;
        return cappedUntil > now
            ? Verdict.Of(HealthStatus.Degraded, Reasons.CanaryFailed, message + " (another client connected)", canary.Causes.AsSpan())
                .Before(cappedUntil.Value)
            : Verdict.Of(HealthStatus.Error, Reasons.CanaryFailed, message, canary.Causes.AsSpan());
    }
}
