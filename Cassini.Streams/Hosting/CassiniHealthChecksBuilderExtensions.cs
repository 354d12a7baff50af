using Cassini.Streams.Health;
using Cassini.Streams.Hosting;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds the health of the application's broker to its health checks.</summary>
public static class CassiniHealthChecksBuilderExtensions
{
    /// <summary>Adds the broker's health to the application's health checks.</summary>
    /// <param name="builder">The application's health checks.</param>
    /// <param name="name">The check's name. Default <c>cassini</c>.</param>
    /// <param name="probe">The verdict that decides whether the check fails. Default: whether new clients can be served.</param>
    /// <param name="failureStatus">The status of a failure. Default null: <see cref="HealthStatus.Unhealthy"/>.</param>
    /// <param name="tags">Tags for filters. Default: none.</param>
    /// <returns>The same builder.</returns>
    public static IHealthChecksBuilder AddCassini(
        this IHealthChecksBuilder builder,
        string name = "cassini",
        CassiniProbe probe = CassiniProbe.Ready,
        HealthStatus? failureStatus = null,
        IEnumerable<string>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.Add(new HealthCheckRegistration(
            name, provider => new CassiniHealthCheck(provider.GetRequiredService<BrokerHost>().Health, probe), failureStatus, tags));
    }
}
