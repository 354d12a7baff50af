using Cassini.Management.Access;
using Cassini.Management.Http;
using Cassini.Streams.Hosting;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Cassini.Management;

/// <summary>Probes, the event feed, metrics, tables and the dashboard of a broker, in an ASP.NET Core application of one's own.</summary>
public static class CassiniManagement
{
    /// <summary>
    /// Adds what <see cref="MapCassini"/> maps, for the broker that
    /// <see cref="CassiniServices.AddCassini(IServiceCollection, Func{CassiniOptions, CassiniOptions})"/> adds.
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

    /// <summary>
    /// Maps the probes (/livez, /readyz, /healthz), the feed (/events), /metrics, the tables, the runbook and the dashboard. Below a prefix
    /// with <c>app.MapGroup("/cassini").MapCassini()</c>; every link of the dashboard is relative.
    /// </summary>
    /// <param name="endpoints">The application, or a group of its routes.</param>
    /// <returns>
    /// All endpoints, for RequireAuthorization and the like. Unless the application says by RequireAuthorization or AllowAnonymous who may
    /// call, callers on this machine may do everything, and callers elsewhere get one word from the probes, the runbook, the files of the
    /// dashboard, and <c>POST /drain</c> if they have the shutdown token. Requests that a browser makes for a page of another site are
    /// refused always.
    /// </returns>
    /// <remarks>
    /// A caller is on this machine if it comes from a loopback address and its request carries no X-Forwarded-For, X-Real-IP, Forwarded or
    /// Via. Behind a proxy on this machine that adds none of them, every caller is on this machine: say who may call. A caller over a Unix
    /// socket is elsewhere.
    /// </remarks>
    /// <exception cref="InvalidOperationException"><see cref="AddCassiniManagement"/> was not called, or no broker was added.</exception>
    /// <exception cref="ArgumentException">Options of the broker or the management are wrong; the message has every error.</exception>
    public static IEndpointConventionBuilder MapCassini(this IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var surface = endpoints.ServiceProvider.GetService<ManagementSurface>()
            ?? throw new InvalidOperationException($"There is nothing to map: call {nameof(AddCassiniManagement)} first.");
        var group = endpoints.MapGroup("").WithGroupName(ManagementDocument.Name);
        if (surface.Access.IsPerEndpoint)
        {
            ((IEndpointConventionBuilder)group).Add(endpoint =>
                endpoint.RequestDelegate = SecurityHeaders.Add(surface.Access.Guard.Guard(endpoint.RequestDelegate!)));
        }

        surface.Map(group);
        return group;
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
