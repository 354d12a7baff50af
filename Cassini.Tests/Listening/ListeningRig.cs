using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Cassini.Streams.Events;
using Cassini.Streams.Hosting;
using Cassini.Streams.Listening;
using Cassini.Streams.Listening.Connections;
using Cassini.Streams.Listening.Endpoints;
using Cassini.Streams.Listening.Handshakes;
using Cassini.Streams.Quotas;
using Cassini.Streams.Supervision;
using Cassini.Streams.Tls;
using Cassini.Streams.Tls.Files;
using Cassini.Tests.Supervision;
using Cassini.Tests.Support;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cassini.Tests.Listening;

/// <summary>A real listener manager on 127.0.0.1 and a free port, with real certificates and a recorder of its events.</summary>
internal sealed class ListeningRig : IAsyncDisposable
{
    public static readonly EndpointAddress AnyPort = new(IPAddress.Loopback, 0);
    public static readonly RestartPolicy QuickRestart = new()
    {
        InitialDelay = TimeSpan.FromMilliseconds(20),
        MaxDelay = TimeSpan.FromMilliseconds(50),
    };
    private readonly ListeningContext _context;

    public ListeningRig(
        Func<ListenerOptions, ListenerOptions>? configure = null,
        IConnectionHandler? handler = null,
        ISocketTransport? transport = null,
        RestartPolicy? restart = null,
        TimeProvider? time = null,
        ILogger? logger = null,
        QuotaOptions? quota = null,
        Func<TlsOptions, TlsOptions>? tls = null)
    {
        time ??= TimeProvider.System;
        Options = new ListenerOptions { Endpoints = [AnyPort], CloseTimeout = TimeSpan.FromSeconds(1) };
        Options = configure?.Invoke(Options) ?? Options;
        var files = new TlsOptions
        {
            CaPath = Certificates.CaPath,
            ServerChainPath = Certificates.ServerPath,
            ServerKeyPath = Certificates.ServerKeyPath,
            CrlPath = Certificates.RevocationListPath,
        };
        Store = new CertificateStore(
            tls?.Invoke(files) ?? files,
            new RecordingPublisher(),
            TimeProvider.System,
            NullLogger<CertificateStore>.Instance);
        Store.Load();
        Accounts = new AccountTable(quota ?? QuotaOptions.Whole);
        Supervisor = new Supervisor(restart ?? QuickRestart, Events, time, NullLogger.Instance);
        _context = new ListeningContext(
            Options, Store, Accounts, handler ?? new DiscardHandler(), Supervisor, Events, time, logger ?? NullLogger.Instance);
        Manager = new ListenerManager(Options, _context, transport ?? SocketTransport.Instance);
    }

    public AccountTable Accounts { get; }

    public TestCertificates Certificates { get; } = new();

    public RecordingPublisher Events { get; } = new();

    public ListenerOptions Options { get; }

    public CertificateStore Store { get; }

    public Supervisor Supervisor { get; }

    public ListenerManager Manager { get; }

    /// <summary>Makes real failures happen.</summary>
    public IRehearsals Rehearsals => field ??= new Rehearsals(Manager, stopTicks: () => { }, resumeTicks: () => { }, NullLogger.Instance);

    public ConnectionTable Connections => _context.Connections;

    public HandshakeGate Gate => _context.Gate;

    public IPEndPoint Address => BoundAddress(0);

    public IPEndPoint BoundAddress(int endpoint) => Manager.Endpoints[endpoint].Bound!.ToIPEndPoint();

    public static async Task<ListeningRig> StartAsync(
        Func<ListenerOptions, ListenerOptions>? configure = null,
        IConnectionHandler? handler = null,
        ISocketTransport? transport = null,
        RestartPolicy? restart = null,
        TimeProvider? time = null,
        ILogger? logger = null,
        QuotaOptions? quota = null,
        Func<TlsOptions, TlsOptions>? tls = null)
    {
        var rig = new ListeningRig(configure, handler, transport, restart, time, logger, quota, tls);
        await rig.Manager.StartAsync(TestContext.Current.CancellationToken).Within("the start");
        return rig;
    }

    /// <summary>For tests in which no handshake may be too slow: many at once take long where many tests share few cores.</summary>
    public static ListenerOptions Patient(ListenerOptions options) => options with { HandshakeTimeout = TimeSpan.FromMinutes(10) };

    /// <summary>A bare TCP connection.</summary>
    public async Task<Socket> ConnectAsync(IPEndPoint? to = null)
    {
        to ??= Address;
        var socket = new Socket(to.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(to, TestContext.Current.CancellationToken).AsTask().Within("the TCP connect");
        return socket;
    }

    /// <summary>A client with an open connection, as far as it knows.</summary>
    public async Task<SslStream> OpenAsync(string? client = "alice", SslProtocols protocol = SslProtocols.Tls13, IPEndPoint? to = null)
    {
        var socket = await ConnectAsync(to);
        var stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
        await stream.AuthenticateAsClientAsync(ClientOptions(client, protocol), TestContext.Current.CancellationToken)
            .Within("the client's handshake");
        return stream;
    }

    /// <summary>A client whose connection the broker has published as open.</summary>
    public async Task<(SslStream Stream, ConnectionOpened Opened)> OpenAndWaitAsync(string client = "alice")
    {
        var before = Events.LastSequence;
        var stream = await OpenAsync(client);
        return (stream, await Events.WaitForAsync<ConnectionOpened>("the connection", s => s.Identity == client, before));
    }

    public SslClientAuthenticationOptions ClientOptions(string? client, SslProtocols protocol = SslProtocols.Tls13) => new()
    {
        TargetHost = "localhost",
        EnabledSslProtocols = protocol,
        ClientCertificates = client is null ? null : new X509CertificateCollection { Certificates.Client(client) },
        LocalCertificateSelectionCallback = client is null ? null : (_, _, _, _, _) => Certificates.Client(client),
        RemoteCertificateValidationCallback = (_, _, _, _) => true,
    };

    public async ValueTask DisposeAsync()
    {
        await Manager.DisposeAsync().AsTask().Within("the stop");
        EventBalance.Of(Events.Events).ShouldBeWhole();
        Certificates.Dispose();
    }
}
