using System.Collections.Immutable;
using Cassini.Streams.Feed;
using Cassini.Streams.Health.Projection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using CheckStatus = Cassini.Streams.Events.HealthStatus;

namespace Cassini.Streams.Hosting;

/// <summary>
/// A broker's health as a health check of ASP.NET Core: healthy when all checks are ok, degraded when something is wrong but new clients
/// are still served, and the registration's failure status when the probe fails. It reads the current snapshot, at once and without
/// I/O, and never reports a stale projection as healthy. Any thread.
/// </summary>
/// <param name="health">The health that it reads.</param>
/// <param name="probe">The verdict that decides whether the check fails.</param>
public sealed class CassiniHealthCheck(HealthProjection health, CassiniProbe probe = CassiniProbe.Ready) : IHealthCheck
{
    /// <summary>The snapshot's revision, a <see cref="long"/>: that of /healthz, the feed and the metrics.</summary>
    public const string Revision = "revision";

    /// <summary>The run of the broker, a <see cref="string"/>.</summary>
    public const string Epoch = "epoch";

    /// <summary>The phase of the broker, a <see cref="string"/>.</summary>
    public const string Phase = "phase";

    /// <summary>
    /// The checks that are not ok, each with its reason code, a dictionary of <see cref="string"/>; empty when all are ok.
    /// </summary>
    public const string Failing = "failing";

    /// <inheritdoc />
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(context);
        var snapshot = health.Current;
        var passes = probe == CassiniProbe.Live ? snapshot.Live : snapshot.Ready;
        var failing = snapshot.Checks
            .Where(check => check.Status is not (CheckStatus.Ok or CheckStatus.Off))
            .ToImmutableSortedDictionary(check => check.Name, check => check.Reason ?? check.Status.ToString(), StringComparer.Ordinal);
        var status = !passes ? context.Registration.FailureStatus
            : snapshot.Status is CheckStatus.Ok || (probe == CassiniProbe.Live) ? HealthStatus.Healthy
            : HealthStatus.Degraded;
        return Task.FromResult(new HealthCheckResult(
            status,
            HealthReason.Of(snapshot),
            data: new Dictionary<string, object>
            {
                [Revision] = snapshot.Revision,
                [Epoch] = snapshot.Epoch,
                [Phase] = snapshot.Phase.ToString().ToLowerInvariant(),
                [Failing] = failing,
            }));
    }
}
