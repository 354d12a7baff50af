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
    /// <see cref="ManagementOptions.MaxFeedsPerCaller"/>, <see cref="ManagementOptions.MaxWaitsPerCaller"/>,
    /// <see cref="ManagementOptions.MaxMessageStreamsPerCaller"/> and
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
        return Add(services, () => configure?.Invoke(new ManagementOptions()) ?? new ManagementOptions());
    }

    /// <summary>
    /// The same, with the options of the application's configuration: the settings <c>Management:…</c> of docs/operate/settings.md, read
    /// as the settings file of <c>cassini</c> is read.
    /// </summary>
    /// <param name="services">Where to add it.</param>
    /// <param name="configuration">
    /// The section that has the section <c>Management</c>, such as <c>builder.Configuration.GetSection("Cassini")</c>: the one that the
    /// broker's AddCassini gets. A key below <c>Management</c> that is no setting, or has no effect in an application, is an error.
    /// </param>
    /// <param name="configure">Changes what was read; null to change nothing.</param>
    /// <returns>The same collection.</returns>
    /// <remarks>
    /// The configuration is read once, when the application maps the endpoints. Wrong settings throw an
    /// <see cref="Microsoft.Extensions.Options.OptionsValidationException"/> then, with every error. For the rest see the other overload.
    /// </remarks>
    public static IServiceCollection AddCassiniManagement(
        this IServiceCollection services, IConfiguration configuration, Func<ManagementOptions, ManagementOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configuration);
        return Add(services, () => ConfiguredManagement.Read(configuration, configure));
    }

    private static IServiceCollection Add(IServiceCollection services, Func<ManagementOptions> create)
    {
        services.AddRoutingCore();
        services.AddManagementDocument(ManagementShapes.All);
        services.TryAddSingleton(provider => Embedded(provider, create()));
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
        var time = services.GetService<TimeProvider>() ?? TimeProvider.System;
        var logger = services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(AccessGuard).FullName!);
        var shutdown = new BearerTokens(
            options.ShutdownToken, options.ShutdownTokenPath,
            $"{nameof(ManagementOptions)}.{nameof(ManagementOptions.ShutdownTokenPath)}", time, logger);
        return new ManagementSurface(
            ManagedBroker.Of(host) with { RequestStop = lifetime.StopApplication },
            options,
            SurfaceAccess.Embedded(options.AllowedHosts, shutdown, new Refusals()),
            export: null,
            time,
            logger,
            lifetime.ApplicationStopping);
    }
}
