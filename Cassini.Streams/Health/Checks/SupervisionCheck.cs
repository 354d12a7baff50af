using System.Globalization;
using Cassini.Streams.Events;

namespace Cassini.Streams.Health.Checks;

/// <summary>
/// Nothing crashed of late. Any crash is an error for the hold time; only a core component that is down fails
/// /readyz, and only one that was given up fails /livez: a single client can do neither.
/// </summary>
internal sealed class SupervisionCheck : Check
{
    public override string Name => CheckNames.Supervision;

    public override bool InReadyz => true;

    public override bool InLivez => true;

    public override object Basis(HealthState state) => state.Crashes;

    public override Verdict Judge(HealthState state, HealthPolicy policy, TimeSpan now, HealthStatus raw)
    {
        var facts = state.Crashes;
        if (!facts.GivenUp.IsEmpty)
        {
            return Verdict.Of(
                HealthStatus.Error,
                Reasons.GaveUp,
                $"crashed too often and is not started again: {string.Join(", ", facts.GivenUp.Keys)}",
                [.. facts.GivenUp.Values.Order()]) with
            { Fails = Fails.Livez | (facts.CoreIsDown ? Fails.Readyz : Fails.Nothing) };
        }

        var evidence = facts.Recent.AsSpan();
        if (facts.CoreIsDown)
        {
            var (component, cause) = facts.Down.First(down => down.Key.IsCore);
            return Verdict.Of(HealthStatus.Error, Reasons.CoreDown, $"{component} crashed and is not back", cause) with { Fails = Fails.Readyz };
        }

        if (facts.LastCrash is not { } last || facts.Window.Total == 0)
        {
            return Verdict.Ok();
        }

        var held = facts.LastCrashAt + policy.Hold;
        var count = facts.Window.Total;
        var what = string.Create(CultureInfo.InvariantCulture, $"{count} in {policy.CrashWindow.TotalSeconds:0.##} s; the last: {last.Component}: {last.Message}");
        return count >= policy.CrashLimit ? Verdict.Of(HealthStatus.Error, Reasons.TooManyCrashes, what, evidence)
            : held > now ? Verdict.Of(HealthStatus.Error, Reasons.Crashed, $"{last.Component} crashed: {last.Message}", evidence).Before(held)
            : Verdict.Of(HealthStatus.Degraded, Reasons.RecentCrashes, what, evidence);
    }

    public override Fails FailedProbes(HealthStatus status, Fails flags) => flags;
}
