using System.Net;
using System.Net.Sockets;
using Cassini.Harness.Clients;
using Cassini.Harness.Verdicts;
using Cassini.Streams.Primitives;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace Cassini.Harness.Workers;

/// <summary>The port where workers join: gRPC over mutual TLS, for workers with a certificate of the controller's authorities.</summary>
internal sealed class WorkerHub : IAsyncDisposable
{
    /// <summary>Connections beside those of the wanted workers, such as those of workers that are refused.</summary>
    private const int OtherConnections = 128;

    private static readonly TimeSpan HandshakeTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(5);

    private readonly WorkerRoster _roster;
    private readonly WebApplication _app;
    private readonly TimeProvider _time;

    private WorkerHub(WorkerRoster roster, WebApplication app, TimeProvider time) => (_roster, _app, _time) = (roster, app, time);

    public IPEndPoint Address => IPEndPoint.Parse(new Uri(_app.Urls.First()).Authority);

    public IReadOnlyList<IWorker> Workers => _roster.Workers;

    /// <summary>Listens for workers.</summary>
    /// <param name="address">The address; port 0 for a free one.</param>
    /// <param name="plan">The plan's name.</param>
    /// <param name="wanted">How many workers of which role.</param>
    /// <param name="identity">The certificates of the controller, and the authorities that a worker's must come from.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="HarnessException">The address cannot be listened on.</exception>
    public static async Task<WorkerHub> ListenAsync(
        HostPort address, string plan, IReadOnlyDictionary<WorkerRole, int> wanted, TlsIdentity identity, TimeProvider time)
    {
        var roster = new WorkerRoster(plan, wanted, time);
        WebApplication? app = null;
        try
        {
            var host = IPAddress.TryParse(address.Host, out var ip) ? ip : (await Dns.GetHostAddressesAsync(address.Host))[0];
            var plain = host.IsIPv4MappedToIPv6 ? host.MapToIPv4() : host; // The former cannot be bound.
            app = Build(roster, new IPEndPoint(plain, address.Port), identity, wanted.Values.Sum());
            await app.StartAsync();
            return new WorkerHub(roster, app, time);
        }
        catch (Exception exception) when (ConnectionFailure.Causes(exception).OfType<SocketException>().FirstOrDefault() is { } error)
        {
            await (app?.DisposeAsync() ?? default);
            throw new HarnessException($"--listen {address}: {SocketText.Of(error.SocketErrorCode)}", cause: exception);
        }
    }

    /// <summary>Waits until all workers that are wanted have joined.</summary>
    /// <exception cref="HarnessException">They did not in time.</exception>
    public async Task AllJoinedAsync(TimeSpan timeout, Action<string> say, CancellationToken cancellation)
    {
        say($"waiting for workers on {Address}: {_roster.Missing()}");
        try
        {
            await _roster.Complete.WaitAsync(timeout, _time, cancellation);
        }
        catch (TimeoutException exception)
        {
            throw new HarnessException(
                $"not all workers joined within {DurationText.Seconds(timeout)}: missing {_roster.Missing()}", Verdict.TimedOut, exception);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _roster.DisposeAsync();

        // The ends of the calls must arrive: a connection that is aborted loses what is on its way.
        using var timeout = new CancellationTokenSource(StopTimeout, _time);
        await _app.StopAsync(timeout.Token);
        await _app.DisposeAsync();
    }

    private static WebApplication Build(WorkerRoster roster, IPEndPoint address, TlsIdentity identity, int workers)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.Replace(ServiceDescriptor.Singleton<IHostLifetime, NoSignals>());
        builder.Services.AddRoutingCore();
        builder.Services.AddGrpc(grpc => grpc.MaxReceiveMessageSize = WorkerProtocol.MaxMessageBytes);
        builder.Services.AddSingleton(roster);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = workers + OtherConnections;
            kestrel.Limits.KeepAliveTimeout = IdleTimeout; // Of a connection without a call.
            kestrel.Limits.Http2.MaxStreamsPerConnection = 1;
            kestrel.Limits.Http2.KeepAlivePingDelay = WorkerProtocol.PingDelay;
            kestrel.Limits.Http2.KeepAlivePingTimeout = WorkerProtocol.PingTimeout;
            kestrel.Listen(address, listen =>
            {
                listen.Protocols = HttpProtocols.Http2;
                listen.UseHttps(new TlsHandshakeCallbackOptions
                {
                    HandshakeTimeout = HandshakeTimeout,
                    OnConnection = _ => ValueTask.FromResult(identity.AsServer()),
                });
            });
        });
        var app = builder.Build();
        app.MapGrpcService<WorkerRoster>();
        return app;
    }
}
