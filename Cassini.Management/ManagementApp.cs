using System.Net;
using Cassini.Management.Access;
using Cassini.Management.Http;
using Cassini.Management.Telemetry;
using Cassini.Management.Transport;
using Cassini.Streams.Listening.Endpoints;
using Cassini.Streams.Primitives;
using Cassini.Streams.Tls.Files;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Cassini.Management;

/// <summary>The management HTTP surface as a small web application of its own, on a port of its own.</summary>
internal static class ManagementApp
{
    private const int MaxHeaderBytes = 16 * 1024;

    // Beyond feeds and long polls, which have caps of their own: connections for probes, scrapers and people.
    private const int OtherConnections = 512;

    // This also limits a connection without a request yet: a scraper or prober returns sooner, or connects again.
    private static readonly TimeSpan IdleTime = TimeSpan.FromSeconds(20);

    /// <summary>
    /// Makes the application; <c>StartAsync</c> binds it, and throws an <see cref="IOException"/> when it cannot, and an
    /// <see cref="AccessConfigurationException"/> when a token file cannot be used. It handles no signals: the caller that starts it stops
    /// it, after the broker.
    /// </summary>
    /// <param name="broker">The broker that is managed.</param>
    /// <param name="options">Address, access and caps.</param>
    /// <param name="loggers">Where it logs.</param>
    /// <param name="time">The one clock.</param>
    /// <param name="export">Where metrics go beside /metrics; null for nowhere.</param>
    /// <param name="refusals">Counts the callers that are refused; null for a count of its own.</param>
    /// <exception cref="ExportConfigurationException">The export cannot be used as it is configured.</exception>
    public static WebApplication Create(
        ManagedBroker broker, ManagementOptions options, ILoggerFactory loggers,
        TimeProvider time, OtlpExport? export = null, Refusals? refusals = null)
    {
        var address = Parse(options.Address);
        var isClosed = options.RequireCredentials is true || !IPAddress.IsLoopback(address.Address);
        var framework = new FrameworkLoggers(loggers);
        var logger = loggers.CreateLogger(typeof(AccessGuard).FullName!);
        var access = Guarded(broker, options, isClosed, time, logger, refusals ?? new Refusals());
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.Replace(ServiceDescriptor.Singleton<ILoggerFactory>(framework));
        builder.Services.Replace(ServiceDescriptor.Singleton<IHostLifetime, NoSignals>());
        builder.Services.Configure<HostOptions>(hosting => hosting.ShutdownTimeout = TimeSpan.FromSeconds(5));
        builder.Services.AddRoutingCore();
        builder.Services.AddManagementDocument(ManagementShapes.All);
        builder.Services.AddHostedService<ManagementService>();
        builder.Services.AddSingleton(services => new ManagementSurface(
            broker, options, access, export, time, logger, services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping));
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            Limit(kestrel, options);
            kestrel.Listen(address, listen => Configure(listen, options, isClosed, access.Refusals, broker.Certificates));
        });
        builder.Services.RemoveAll<IConnectionListenerFactory>();
        builder.Services.AddSingleton(services => new OwnThreadTransport(
            services,
            new TransportLimits { LongestWait = IdleTime },
            new CallerPlaces(isClosed ? options.MaxConnectionsPerCaller : null),
            access.Refusals,
            time,
            framework));
        builder.Services.AddSingleton<IConnectionListenerFactory>(services => services.GetRequiredService<OwnThreadTransport>());

        var app = builder.Build();
        app.Lifetime.ApplicationStarted.Register(framework.Open);
        if (!options.Https)
        {
            // Below TLS nothing can be read before the handshake, and that is Kestrel's.
            app.Use(next => app.Services.GetRequiredService<OwnThreadTransport>().Application = next);
        }

        app.UseRouting();
        app.Use(SecurityHeaders.Add);
        app.Use(access.Guard.Guard);
        app.Use(PlainErrors.Explain);
        app.MapCassini();
        return app;
    }

    /// <summary>Where a started application answers: the port bound, when port 0 was asked for.</summary>
    public static Uri AddressOf(WebApplication app) => new(app.Urls.First());

    private static IPEndPoint Parse(string text) =>
        EndpointAddress.TryParse(text, out var address, out var error)
            ? new IPEndPoint(address.Address, address.Port)
            : throw new ArgumentException(error);

    private static SurfaceAccess Guarded(
        ManagedBroker broker, ManagementOptions options, bool isClosed, TimeProvider time, ILogger logger, Refusals refusals)
    {
        var tokens = new BearerTokens(null, options.TokenPath, ManagementSettings.TokenPath, time, logger);
        var shutdown = new BearerTokens(
            options.ShutdownToken, options.ShutdownTokenPath, ManagementSettings.ShutdownTokenPath, time, logger);
        if (!isClosed)
        {
            return SurfaceAccess.Open(options.AllowedHosts, tokens, shutdown, refusals);
        }

        var credentials = new Credentials(tokens, shutdown, broker.Certificates, options.Identities);
        return SurfaceAccess.Closed(
            options.AllowedHosts,
            tokens,
            shutdown,
            credentials,
            new RequestRates(options.RequestRate, options.RequestBurst, refusals),
            new LongAnswers(credentials, options.FeedHeartbeat, time, logger),
            refusals);
    }

    private static void Limit(KestrelServerOptions kestrel, ManagementOptions options)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestLineSize = MaxHeaderBytes;
        kestrel.Limits.MaxRequestHeadersTotalSize = MaxHeaderBytes;
        kestrel.Limits.MaxRequestHeaderCount = 64;
        kestrel.Limits.MaxRequestBodySize = MaxHeaderBytes;
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        kestrel.Limits.KeepAliveTimeout = IdleTime;
        kestrel.Limits.MaxConcurrentConnections = options.MaxFeeds + options.MaxWaits + options.MaxMessageStreams + OtherConnections;
    }

    private static void Configure(
        ListenOptions listen, ManagementOptions options, bool isClosed, Refusals refusals, CertificateStore? certificates)
    {
        listen.Protocols = HttpProtocols.Http1;
        if (isClosed)
        {
            listen.LimitEachCaller(new CallerPlaces(options.MaxConnectionsPerCaller), refusals);
        }

        if (options.Https)
        {
            listen.UseTls(certificates ?? throw new ArgumentException("Management:Https: there are no certificates to serve"));
        }
    }
}
