using Cassini.Streams.Events;
using Cassini.Streams.Health;

namespace Cassini.Management.Probes;

/// <summary>A probe's answer as JSON.</summary>
/// <param name="Probe">Which probe.</param>
/// <param name="Status"><c>ok</c> when it passes, <c>error</c> when it fails.</param>
/// <param name="Phase">The phase of the process.</param>
/// <param name="Revision">The snapshot's revision.</param>
/// <param name="Epoch">The run of the process.</param>
/// <param name="AsOf">The time of the last input that is folded in.</param>
/// <param name="Checks">The checks that the probe looks at.</param>
/// <param name="Warnings">Warnings about the request; usually empty.</param>
internal sealed record ProbeReport(
    string Probe,
    HealthStatus Status,
    Phase Phase,
    long Revision,
    string Epoch,
    DateTimeOffset AsOf,
    IReadOnlyList<ProbeReport.CheckResult> Checks,
    IReadOnlyList<string> Warnings)
{
    public static ProbeReport Of(ProbeScope scope, HealthSnapshot snapshot, bool passes) => new(
        scope.Probe.Name,
        passes ? HealthStatus.Ok : HealthStatus.Error,
        snapshot.Phase,
        snapshot.Revision,
        snapshot.Epoch,
        snapshot.AsOf,
        [.. snapshot.Checks.Where(scope.Covers).Select(check => CheckResult.Of(scope, check))],
        [.. scope.UnknownExclusions(snapshot).Select(ProbeText.Warning)]);

    /// <summary>A check in a probe's answer.</summary>
    /// <param name="Name">Its name.</param>
    /// <param name="Failed">Whether it makes this probe fail.</param>
    /// <param name="Excluded">Whether the caller left it out.</param>
    /// <param name="Status">Its damped status.</param>
    /// <param name="Reason">A CamelCase code; null when it is ok.</param>
    /// <param name="Message">For people; null when it is ok.</param>
    /// <param name="Since">When the status was entered.</param>
    internal sealed record CheckResult(
        string Name, bool Failed, bool Excluded, HealthStatus Status, string? Reason, string? Message, DateTimeOffset Since)
    {
        public static CheckResult Of(ProbeScope scope, CheckHealth check)
        {
            var excluded = scope.Excludes(check);
            return new CheckResult(
                check.Name, !excluded && scope.Probe.FailedBy(check), excluded, check.Status, check.Reason, check.Message, check.Since);
        }
    }
}
