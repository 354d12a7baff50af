using System.Net;
using Cassini.Management.Access;
using Cassini.Management.Control;
using Cassini.Management.Feed;
using Cassini.Management.Http;
using Cassini.Management.Pages;
using Cassini.Management.Probes;
using Cassini.Management.Tables;
using Cassini.Management.Telemetry;
using Cassini.Streams.Hosting;
using Cassini.Streams.Listening;
using Cassini.Streams.Listening.Endpoints;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Cassini.Management;

/// <summary>The management HTTP surface: its own small web application.</summary>
internal static class ManagementApp
{
    private const int MaxHeaderBytes = 16 * 1024;

    // Beyond feeds and long polls, which are capped by themselves: room for probes, scrapers and people.
    private const int OtherConnections = 512;

    /// <summary>The management surface of a broker.</summary>
    public static WebApplication Create(BrokerHost host, ILoggerFactory loggers, TimeProvider time, OtlpExport? export = null) =>
        Create(ManagementContext.Of(host.Service, time) with { Broker = host.Broker, Export = export }, loggers);

    /// <summary>The management surface of a host of another protocol.</summary>
    public static WebApplication Create(ServiceHost host, ILoggerFactory loggers, TimeProvider time) => Create(ManagementContext.Of(host, time), loggers);

    /// <summary>
    /// Makes the application; <c>StartAsync</c> binds it and throws an <see cref="IOException"/> when it cannot. It takes no
    /// signals: whoever starts it stops it, after the broker.
    /// </summary>
    /// <exception cref="AccessConfigurationException">A token file cannot be used.</exception>
    public static WebApplication Create(ManagementContext broker, ILoggerFactory loggers)
    {
        var address = Parse(broker.Options.Address);
        var framework = new FrameworkLoggers(loggers);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.Replace(ServiceDescriptor.Singleton<ILoggerFactory>(framework));
        builder.Services.Replace(ServiceDescriptor.Singleton<IHostLifetime, NoSignals>());
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(5));
        builder.Services.AddRoutingCore();
        builder.Services.AddManagementDocument();
        builder.Services.AddOutputCache();
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            Limit(kestrel, broker);
            kestrel.Listen(address, listen => Configure(listen, broker));
        });

        var app = builder.Build();
        app.Lifetime.ApplicationStarted.Register(framework.Open);
        app.Use(SecurityHeaders.Add);
        Map(app, broker, loggers.CreateLogger(typeof(AccessGuard).FullName!));
        return app;
    }

    /// <summary>Where a started application answers: the port bound, when port 0 was asked for.</summary>
    public static Uri AddressOf(WebApplication app) => new(app.Urls.First());

    private static IPEndPoint Parse(string text) =>
        EndpointAddress.TryParse(text, out var address, out var error) ? new IPEndPoint(address.Address, address.Port) : throw new ArgumentException(error);

    private static void Limit(KestrelServerOptions kestrel, ManagementContext broker)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestLineSize = MaxHeaderBytes;
        kestrel.Limits.MaxRequestHeadersTotalSize = MaxHeaderBytes;
        kestrel.Limits.MaxRequestHeaderCount = 64;
        kestrel.Limits.MaxRequestBodySize = MaxHeaderBytes;
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);

        // Also of a connection that has not asked for anything yet: a scraper or prober comes again sooner, or connects anew.
        kestrel.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(20);
        kestrel.Limits.MaxConcurrentConnections = broker.Options.MaxFeeds + broker.Options.MaxWaits + OtherConnections;
    }

    private static void Configure(ListenOptions listen, ManagementContext broker)
    {
        listen.Protocols = HttpProtocols.Http1;
        if (broker.IsClosed)
        {
            listen.LimitEachCaller(new CallerPlaces(broker.Options.MaxConnectionsPerCaller), broker.Refusals);
        }

        if (broker.Options.Https)
        {
            listen.UseTls(broker.Certificates ?? throw new ArgumentException("Management:Https: there are no certificates to serve"));
        }
    }

    private static void Map(WebApplication app, ManagementContext broker, ILogger logger)
    {
        var options = broker.Options;
        var stopping = app.Lifetime.ApplicationStopping;
        var bodies = new SnapshotBodies(options.FeedHeartbeat);
        var callersWaits = new CallerPlaces(broker.IsClosed ? options.MaxWaitsPerCaller : null);
        var waits = new ProbeWaits(broker, options.MaxWaits, callersWaits, stopping);

        // Strangers can use up no more than half, so that who has credentials finds a place.
        var strangersWaits = new ProbeWaits(broker, Math.Max(1, options.MaxWaits / 2), callersWaits, stopping);
        var feeds = new FeedRegistry(broker, bodies, new CallerPlaces(broker.IsClosed ? options.MaxFeedsPerCaller : null), stopping);
        var rates = broker.IsClosed ? new RequestRates(options) : null;
        var tokens = new BearerTokens(null, options.TokenPath, broker.Time, logger);
        var metrics = MetricsEndpoint.CreateMetrics(broker, feeds, [waits, strangersWaits]);
        app.Lifetime.ApplicationStopped.Register(() =>
        {
            metrics.Dispose();
            feeds.Dispose();
            rates?.Dispose();
        });
        app.Use(new AccessGuard(broker, tokens, strangersWaits, rates).Guard);
        app.Use(PlainErrors.Explain);
        app.UseOutputCache();
        app.MapIndex();
        app.MapDashboard();
        app.MapProbes(broker, waits);
        app.MapHealthz(broker, waits, bodies);
        app.MapEvents(broker, feeds);
        app.MapEvent(broker);
        app.MapState(broker);
        app.MapMetrics(metrics, broker.Refusals);
        app.MapCertificates(broker);
        app.MapSessions(broker);
        app.MapTopics(broker);
        app.MapFaults(broker);
        app.MapDrain(broker, new BearerTokens(options.ShutdownToken, options.ShutdownTokenPath, broker.Time, logger), logger);
        app.MapRunbook();

        // It is the same for everyone, and takes longer to make than anything else here.
        app.MapOpenApi().CacheOutput(policy => policy.Expire(TimeSpan.FromDays(1)).SetVaryByQuery([]));
    }

    /// <summary>The process has one owner of signals, and it is not the web framework.</summary>
    internal sealed class NoSignals : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
