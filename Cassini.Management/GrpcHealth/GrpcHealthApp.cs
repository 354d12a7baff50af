using System.Net;
using Cassini.Management.Access;
using Cassini.Management.Http;
using Cassini.Streams.Health.Projection;
using Cassini.Streams.Listening.Endpoints;
using Cassini.Streams.Primitives;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Cassini.Management.GrpcHealth;

/// <summary>
/// The gRPC health protocol on a port of its own: an application beside the management surface, so that neither's routes can be
/// reached through the other's port.
/// </summary>
internal static class GrpcHealthApp
{
    // A request is a name.
    private const int MaxMessageBytes = 4 * 1024;

    // Connections for callers that only check, beside the watchers, of which one connection can carry many.
    private const int OtherConnections = 128;

    /// <summary>Makes the application; <c>StartAsync</c> binds it and throws an <see cref="IOException"/> when it cannot.</summary>
    /// <param name="health">The health that is reported.</param>
    /// <param name="options">Address and caps.</param>
    /// <param name="loggers">Where it logs.</param>
    /// <param name="time">The one clock.</param>
    /// <param name="refusals">Counts the callers that are refused: the management's own, so that its metric has them.</param>
    /// <returns>Null when the options name no address.</returns>
    public static WebApplication? Create(
        HealthProjection health, ManagementOptions options, ILoggerFactory loggers, TimeProvider time, Refusals refusals)
    {
        if (options.GrpcAddress is not { } text)
        {
            return null;
        }

        var address = EndpointAddress.TryParse(text, out var parsed, out var error)
            ? new IPEndPoint(parsed.Address, parsed.Port)
            : throw new ArgumentException(error);
        var isOpen = IPAddress.IsLoopback(address.Address) && options.RequireCredentials is not true;
        var framework = new FrameworkLoggers(loggers);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.Replace(ServiceDescriptor.Singleton<ILoggerFactory>(framework));
        builder.Services.Replace(ServiceDescriptor.Singleton<IHostLifetime, NoSignals>());
        builder.Services.AddRoutingCore();
        builder.Services.AddGrpc(grpc =>
        {
            grpc.MaxReceiveMessageSize = MaxMessageBytes;
            grpc.Interceptors.Add<OwnFaults>();
        });
        builder.Services.AddSingleton(health);
        builder.Services.AddSingleton(time);
        builder.Services.AddSingleton(new HealthServices(namesChecks: isOpen));
        builder.Services.AddSingleton(refusals);
        builder.Services.AddSingleton(
            new SharedPlaces("watches", options.MaxWatches, new CallerPlaces(isOpen ? null : options.MaxFeedsPerCaller)));
        builder.Services.AddSingleton<HealthService>();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            Limit(kestrel.Limits, options.MaxWatches);
            kestrel.AddServerHeader = false;

            // Without TLS, because a kubelet's gRPC probe does not speak it, and an answer says no more than whether the broker works.
            kestrel.Listen(address, listen =>
            {
                listen.Protocols = HttpProtocols.Http2;
                listen.LimitEachCaller(new CallerPlaces(isOpen ? null : options.MaxConnectionsPerCaller), refusals);
            });
        });

        var app = builder.Build();
        app.Lifetime.ApplicationStarted.Register(framework.Open);
        if (!isOpen)
        {
            var rates = new RequestRates(options.RequestRate, options.RequestBurst, refusals);
            app.Lifetime.ApplicationStopped.Register(rates.Dispose);
            app.Use(rates.Limit);
        }

        app.MapGrpcService<HealthService>();
        return app;
    }

    private static void Limit(KestrelServerLimits limits, int watches)
    {
        limits.MaxConcurrentConnections = watches + OtherConnections;
        limits.MaxRequestHeaderCount = 64;
        limits.MaxRequestHeadersTotalSize = 16 * 1024;
        limits.MaxRequestBodySize = 16 * 1024;
        limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);

        // Of a connection that carries no call: a watch is one.
        limits.KeepAliveTimeout = TimeSpan.FromSeconds(20);

        // A watcher whose machine is gone holds a slot until this detects it.
        limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(30);
        limits.Http2.KeepAlivePingTimeout = TimeSpan.FromSeconds(20);
    }
}
