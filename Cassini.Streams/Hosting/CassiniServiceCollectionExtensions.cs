using Cassini.Streams.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds a broker to an application's services.</summary>
public static class CassiniServiceCollectionExtensions
{
    /// <summary>
    /// Adds a broker that starts and stops with the application: <see cref="BrokerHost"/> as a singleton, and a hosted service that
    /// runs it. It uses the application's <see cref="ILoggerFactory"/>, and its <see cref="TimeProvider"/> if there is one. Its options
    /// are the application's <see cref="IOptions{TOptions}"/> of <see cref="CassiniOptions"/>. One per application; a further call
    /// changes nothing.
    /// </summary>
    /// <param name="services">The application's services.</param>
    /// <param name="configure">Makes the options from the defaults. <see cref="CassiniOptions.Tls"/> must be set.</param>
    /// <returns>The same collection.</returns>
    /// <remarks>
    /// When the application starts, invalid options throw an <see cref="ArgumentException"/> with every error, and an unusable certificate
    /// throws a <see cref="Cassini.Streams.Tls.TlsConfigurationException"/>. A port in use throws nothing: the application starts, its
    /// health reports the port, and the broker binds when the port is free.
    /// </remarks>
    public static IServiceCollection AddCassini(this IServiceCollection services, Func<CassiniOptions, CassiniOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        return Add(services, () => configure(new CassiniOptions()));
    }

    /// <summary>
    /// The same, with the options of the application's configuration: the settings of docs/operate/settings.md by their names, such as
    /// <c>Listener:Endpoints</c>, read as the settings file of <c>cassini</c> is read.
    /// </summary>
    /// <param name="services">The application's services.</param>
    /// <param name="configuration">
    /// The section that has the settings, such as <c>builder.Configuration.GetSection("Cassini")</c>. A key in it that is no setting is an
    /// error, except those of <c>cassini</c> alone: <c>Management</c>, <c>Logging</c>, <c>DataDirectory</c>, and the export in
    /// <c>Telemetry</c>. A whole configuration may have other sections than the broker's. Paths are relative to the working directory.
    /// </param>
    /// <param name="configure">Changes what was read; null to change nothing.</param>
    /// <returns>The same collection.</returns>
    /// <remarks>
    /// The configuration is read once, when the application starts. Wrong settings throw an <see cref="OptionsValidationException"/> then,
    /// with every error. For the rest see the other overload.
    /// </remarks>
    public static IServiceCollection AddCassini(
        this IServiceCollection services, IConfiguration configuration, Func<CassiniOptions, CassiniOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configuration);
        return Add(services, () => ConfiguredOptions.Read(configuration, configure));
    }

    private static IServiceCollection Add(IServiceCollection services, Func<CassiniOptions> create)
    {
        services.AddOptions();
        services.TryAddSingleton<IOptionsFactory<CassiniOptions>>(new CassiniOptionsFactory(create));
        services.TryAddSingleton(provider => new BrokerHost(
            provider.GetRequiredService<IOptions<CassiniOptions>>().Value,
            provider.GetService<TimeProvider>() ?? TimeProvider.System,
            provider.GetService<ILoggerFactory>() ?? NullLoggerFactory.Instance));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, BrokerService>());
        return services;
    }
}
