using System.Globalization;
using Cassini.Streams.Events;
using Cassini.Streams.Health.Facts;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Health.Checks;

/// <summary>
/// Nothing crashed recently. Any crash is an error for the hold time. Only a core component that is down fails /readyz, and only a core
/// component that the supervisor gave up fails /livez: a single client can cause neither.
/// </summary>
internal sealed class SupervisionCheck : Check
{
    public override string Name => CheckNames.Supervision;

    public override bool InReadyz => true;

    public override bool InLivez => true;

    public override object Basis(HealthFacts facts) => facts.Crashes;

    public override Verdict Judge(HealthFacts facts, HealthPolicy policy, TimeSpan now, HealthStatus raw)
    {
        var crashes = facts.Crashes;
        if (!crashes.GivenUp.IsEmpty)
        {
            // In the order of the events, because a hash order differs from process to process, and a replay must give the same.
            var givenUp = crashes.GivenUp.OrderBy(entry => entry.Value).ToArray();
            return Verdict.Of(
                HealthStatus.Error,
                Reasons.GaveUp,
                $"crashed too often and is not started again: {string.Join(", ", givenUp.Select(entry => entry.Key))}",
                [.. givenUp.Select(entry => entry.Value)]) with
            { Fails = crashes.CoreGaveUp ? Fails.Livez | Fails.Readyz : crashes.CoreIsDown ? Fails.Readyz : Fails.Nothing };
        }

        var evidence = crashes.Recent.AsSpan();
        if (crashes.CoreIsDown)
        {
            var (component, cause) = crashes.Down.Where(down => down.Key.IsCore).MinBy(down => down.Value);
            var verdict = Verdict.Of(HealthStatus.Error, Reasons.CoreDown, $"{component} crashed and is not back", cause);
            return verdict with { Fails = Fails.Readyz };
        }

        if (crashes.LastCrash is not { } last || crashes.Window.Total == 0)
        {
            return Verdict.Ok();
        }

        var held = crashes.LastCrashAt + policy.Hold;
        var count = crashes.Window.Total;
        var what = string.Create(
            CultureInfo.InvariantCulture,
            $"{Quantity.Of(count, "crash", "crashes")} in {policy.CrashWindow.TotalSeconds:0.##} s; "
            + $"the last: {last.Component}: {last.Message}");
        return count >= policy.CrashLimit ? Verdict.Of(HealthStatus.Error, Reasons.TooManyCrashes, what, evidence)
            : held > now
                ? Verdict.Of(HealthStatus.Error, Reasons.Crashed, $"{last.Component} crashed: {last.Message}", evidence).Before(held)
            : Verdict.Of(HealthStatus.Degraded, Reasons.RecentCrashes, what, evidence);
    }

    public override Fails FailedProbes(HealthStatus status, Fails flags) => flags;
}
