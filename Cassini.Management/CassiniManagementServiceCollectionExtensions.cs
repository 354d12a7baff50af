using Cassini.Management;
using Cassini.Management.Access;
using Cassini.Management.Http;
using Cassini.Streams.Hosting;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds the management of a broker to the services of an ASP.NET Core application.</summary>
public static class CassiniManagementServiceCollectionExtensions
{
    /// <summary>
    /// Adds what <see cref="CassiniEndpointRouteBuilderExtensions.MapCassini"/> maps, for the broker that
    /// <see cref="CassiniServiceCollectionExtensions.AddCassini(IServiceCollection, Func{CassiniOptions, CassiniOptions})"/> adds.
    /// A further call changes nothing.
    /// </summary>
    /// <param name="services">Where to add it.</param>
    /// <param name="configure">
    /// Makes the options from the defaults; null for the defaults. Settings of a separate port have no effect here, because the
    /// application has the port: <see cref="ManagementOptions.Address"/>, <see cref="ManagementOptions.Https"/>,
    /// <see cref="ManagementOptions.RequireCredentials"/>, <see cref="ManagementOptions.TokenPath"/>,
    /// <see cref="ManagementOptions.Identities"/>, <see cref="ManagementOptions.GrpcAddress"/>, <see cref="ManagementOptions.MaxWatches"/>,
    /// <see cref="ManagementOptions.MaxFeedsPerCaller"/>, <see cref="ManagementOptions.MaxWaitsPerCaller"/> and
    /// <see cref="ManagementOptions.MaxConnectionsPerCaller"/>. <see cref="ManagementOptions.RequestRate"/> and
    /// <see cref="ManagementOptions.RequestBurst"/> limit <c>POST /drain</c> alone.
    /// </param>
    /// <returns>The same collection.</returns>
    /// <remarks>
    /// The options are used when the application maps the endpoints: wrong ones are an <see cref="ArgumentException"/> there. A file of
    /// shutdown tokens that cannot be used stops the application from starting. The broker's events are logged in the category
    /// <c>Cassini.Events</c>, by the ids that the runbook names.
    /// </remarks>
    public static IServiceCollection AddCassiniManagement(
        this IServiceCollection services, Func<ManagementOptions, ManagementOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddRoutingCore();
        services.AddManagementDocument();
        services.TryAddSingleton(provider => Embedded(provider, configure?.Invoke(new ManagementOptions()) ?? new ManagementOptions()));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, ManagementService>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, EmbeddedLog>());
        return services;
    }

    private static ManagementSurface Embedded(IServiceProvider services, ManagementOptions options)
    {
        var errors = ManagementSettings.Section.Validate(options).ToList();
        if (errors.Count > 0)
        {
            throw new ArgumentException(string.Join(Environment.NewLine, errors), nameof(options));
        }

        var host = services.GetRequiredService<BrokerHost>();
        var lifetime = services.GetRequiredService<IHostApplicationLifetime>();
        return new ManagementSurface(
            ManagedBroker.Of(host) with { RequestStop = lifetime.StopApplication },
            options,
            SurfaceAccess.Embedded(options.AllowedHosts, new Refusals()),
            export: null,
            services.GetService<TimeProvider>() ?? TimeProvider.System,
            services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(AccessGuard).FullName!),
            lifetime.ApplicationStopping);
    }
}
