using Cassini.Streams.Events;
using Cassini.Streams.Health;

namespace Cassini.Management.Probes;

/// <summary>One of the three verdicts on a snapshot, and the checks that it rests on.</summary>
/// <param name="Name">Its path without the slash.</param>
/// <param name="PassedBy">The verdict.</param>
/// <param name="LooksAt">Whether a check takes part in it.</param>
/// <param name="FailedBy">Whether a check that takes part makes it fail.</param>
internal sealed record Probe(
    string Name, Func<HealthSnapshot, bool> PassedBy, Func<CheckHealth, bool> LooksAt, Func<CheckHealth, bool> FailedBy)
{
    /// <summary>Can new clients be served?</summary>
    public static readonly Probe Readyz = new(
        "readyz", static snapshot => snapshot.Ready, static check => check.InReadyz, static check => check.FailsReadyz);

    /// <summary>Does the process still work, or must it be restarted?</summary>
    public static readonly Probe Livez = new(
        "livez", static snapshot => snapshot.Live, static check => check.InLivez, static check => check.FailsLivez);

    /// <summary>Does everything work, or are new clients at least served?</summary>
    public static readonly Probe Healthz = new(
        "healthz",
        static snapshot => snapshot.Status != HealthStatus.Error,
        static _ => true,
        static check => check.Status >= HealthStatus.Unknown);
}
