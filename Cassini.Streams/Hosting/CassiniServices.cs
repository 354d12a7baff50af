using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cassini.Streams.Hosting;

/// <summary>Adds a broker to an application's services.</summary>
public static class CassiniServices
{
    /// <summary>
    /// Adds a broker that starts and stops with the application: <see cref="BrokerHost"/> as a singleton, and a hosted service that
    /// runs it. It uses the application's <see cref="ILoggerFactory"/>, and its <see cref="TimeProvider"/> if there is one. One per
    /// application; a further call changes nothing.
    /// </summary>
    /// <param name="services">The application's services.</param>
    /// <param name="configure">Makes the options from the defaults. <see cref="CassiniOptions.Tls"/> must be set.</param>
    /// <returns>The same collection.</returns>
    /// <remarks>
    /// When the application starts, invalid options throw an <see cref="ArgumentException"/> with every error, and an unusable certificate
    /// throws a <see cref="Tls.TlsConfigurationException"/>. A port in use throws nothing: the application starts, its health reports the
    /// port, and the broker binds when the port is free.
    /// </remarks>
    public static IServiceCollection AddCassini(this IServiceCollection services, Func<CassiniOptions, CassiniOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        services.TryAddSingleton(provider => new BrokerHost(
            configure(new CassiniOptions()),
            provider.GetService<TimeProvider>() ?? TimeProvider.System,
            provider.GetService<ILoggerFactory>() ?? NullLoggerFactory.Instance));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, BrokerService>());
        return services;
    }

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
