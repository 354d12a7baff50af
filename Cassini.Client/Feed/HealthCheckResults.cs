using System.Collections.Immutable;
using Cassini.Streams.Health;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using CheckStatus = Cassini.Streams.Events.HealthStatus;

namespace Cassini.Streams.Feed;

/// <summary>What a health check of ASP.NET Core says about a snapshot, and the names of its data.</summary>
public static class HealthCheckResults
{
    /// <summary>The snapshot's revision, a <see cref="long"/>: that of /healthz, the feed and the metrics.</summary>
    public const string Revision = "revision";

    /// <summary>The run of the broker, a <see cref="string"/>; empty while it was never reached.</summary>
    public const string Epoch = "epoch";

    /// <summary>The phase of the broker, a <see cref="string"/>.</summary>
    public const string Phase = "phase";

    /// <summary>
    /// The checks that are not ok, each with its reason code, a dictionary of <see cref="string"/>; empty when all are ok.
    /// </summary>
    public const string Failing = "failing";

    /// <summary>
    /// Healthy when all checks are ok, degraded when something is wrong but new clients are still served, and the failure status when the
    /// probe fails.
    /// </summary>
    /// <param name="snapshot">The health.</param>
    /// <param name="probe">The verdict that decides whether the check fails.</param>
    /// <param name="failureStatus">The status of a failure.</param>
    public static HealthCheckResult Of(HealthSnapshot snapshot, CassiniProbe probe, HealthStatus failureStatus)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        var passes = probe == CassiniProbe.Live ? snapshot.Live : snapshot.Ready;
        var failing = snapshot.Checks
            .Where(check => check.Status is not (CheckStatus.Ok or CheckStatus.Off))
            .ToImmutableSortedDictionary(check => check.Name, check => check.Reason ?? check.Status.ToString(), StringComparer.Ordinal);
        var status = !passes ? failureStatus
            : snapshot.Status is CheckStatus.Ok || (probe == CassiniProbe.Live) ? HealthStatus.Healthy
            : HealthStatus.Degraded;
        return new HealthCheckResult(
            status,
            HealthReason.Of(snapshot),
            data: new Dictionary<string, object>
            {
                [Revision] = snapshot.Revision,
                [Epoch] = snapshot.Epoch,
                [Phase] = snapshot.Phase.ToString().ToLowerInvariant(),
                [Failing] = failing,
            });
    }
}
