using Cassini.Streams.Feed;
using Cassini.Streams.Health;
using Cassini.Streams.Health.Projection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Cassini.Streams.Hosting;

/// <summary>
/// A broker's health as a health check of ASP.NET Core: healthy when all checks are ok, degraded when something is wrong but new clients
/// are still served, and the registration's failure status when the probe fails. Its data is that of <see cref="HealthCheckResults"/>. It
/// reads the current snapshot, at once and without I/O, and never reports a stale projection as healthy. Any thread.
/// </summary>
/// <param name="health">The health that it reads.</param>
/// <param name="probe">The verdict that decides whether the check fails.</param>
public sealed class CassiniHealthCheck(HealthProjection health, CassiniProbe probe = CassiniProbe.Ready) : IHealthCheck
{
    /// <inheritdoc />
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(context);
        return Task.FromResult(HealthCheckResults.Of(health.Current, probe, context.Registration.FailureStatus));
    }
}
