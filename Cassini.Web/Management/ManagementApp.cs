using System.Net;
using Cassini.Streams.Hosting;
using Cassini.Streams.Listening;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Cassini.Web.Management;

/// <summary>The management HTTP surface: its own small web application, on loopback.</summary>
internal static class ManagementApp
{
    private const int MaxHeaderBytes = 16 * 1024;

    // Beyond feeds and long polls, which are capped by themselves: room for probes, scrapers and people.
    private const int OtherConnections = 512;

    /// <summary>The management surface of a broker.</summary>
    public static WebApplication Create(BrokerHost host, ILoggerFactory loggers, TimeProvider time) => Create(
        new ManagementContext(
            host.Hub, host.Health, host.Sessions, new ListenerControl(host.Listeners), host.Options.Management, time, host.Broker),
        loggers);

    /// <summary>
    /// Makes the application; <c>StartAsync</c> binds it and throws an <see cref="IOException"/> when it cannot. It takes no
    /// signals: whoever starts it stops it, after the broker.
    /// </summary>
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
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            Limit(kestrel, broker);
            kestrel.Listen(address, listen => listen.Protocols = HttpProtocols.Http1);
        });

        var app = builder.Build();
        app.Lifetime.ApplicationStarted.Register(framework.Open);
        app.Use(LocalWrites.Guard);
        app.Use(PlainErrors.Explain);
        Map(app, broker);
        return app;
    }

    /// <summary>Where a started application answers: the port bound, when port 0 was asked for.</summary>
    public static Uri AddressOf(WebApplication app) => new(app.Urls.First());

    private static IPEndPoint Parse(string text) =>
        EndpointAddress.TryParse(text, out var address, out var error) && IPAddress.IsLoopback(address.Address)
            ? new IPEndPoint(address.Address, address.Port)
            : throw new ArgumentException(error ?? $"the management address {text} is not a loopback address");

    private static void Limit(KestrelServerOptions kestrel, ManagementContext broker)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestLineSize = MaxHeaderBytes;
        kestrel.Limits.MaxRequestHeadersTotalSize = MaxHeaderBytes;
        kestrel.Limits.MaxRequestHeaderCount = 64;
        kestrel.Limits.MaxRequestBodySize = MaxHeaderBytes;
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        kestrel.Limits.MaxConcurrentConnections = broker.Options.MaxFeeds + broker.Options.MaxWaits + OtherConnections;
    }

    private static void Map(WebApplication app, ManagementContext broker)
    {
        var stopping = app.Lifetime.ApplicationStopping;
        var bodies = new SnapshotBodies();
        var waits = new ProbeWaits(broker, stopping);
        var feeds = new FeedRegistry(broker, bodies, stopping);
        app.Lifetime.ApplicationStopped.Register(feeds.Dispose);
        app.MapIndex();
        app.MapDashboard();
        app.MapProbes(broker, waits);
        app.MapHealthz(broker, waits, bodies);
        app.MapEvents(broker, feeds);
        app.MapEvent(broker);
        app.MapState(broker);
        app.MapMetrics(broker, feeds, waits);
        app.MapCertificates(broker);
        app.MapSessions(broker);
        app.MapTopics(broker);
        app.MapFaults(broker);
        app.MapOpenApi();
    }

    /// <summary>The process has one owner of signals, and it is not the web framework.</summary>
    private sealed class NoSignals : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
