using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Cassini.Streams.Broker.Connections;
using Cassini.Streams.Events;
using Cassini.Streams.Hosting;
using Cassini.Streams.Listening;
using Cassini.Streams.Mqtt;
using Cassini.Tests.Broker;
using Cassini.Tests.Support;
using Cassini.Tests.Tls;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cassini.Tests.Interop;

/// <summary>The whole broker on a free port, with certificates of its own CA as files for programs that we did not write.</summary>
internal sealed class MqttHost : IAsyncDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly TestAuthority _authority = new();

    private MqttHost(Func<CassiniOptions, CassiniOptions>? change)
    {
        var options = new CassiniOptions
        {
            Listener = new ListenerOptions { Endpoints = [new(IPAddress.Loopback, 0)], QuarantineAfter = 0 },
            Tls = _authority.Write(_directory.Path),
        };
        Host = new BrokerHost(change?.Invoke(options) ?? options, TimeProvider.System, NullLoggerFactory.Instance);
    }

    public BrokerHost Host { get; }

    public string CaPath => _directory.File("ca.pem");

    public X509Certificate2 Ca => _authority.Certificate;

    public IPEndPoint Address => Host.Listeners.Endpoints[0].Bound!.ToIPEndPoint();

    public static async Task<MqttHost> StartAsync(Func<CassiniOptions, CassiniOptions>? change = null)
    {
        var host = new MqttHost(change);
        await host.Host.StartAsync(TestContext.Current.CancellationToken);
        return host;
    }

    /// <summary>A client certificate in memory.</summary>
    public X509Certificate2 Issue(string identity) => _authority.IssueClient(identity);

    /// <summary>A client certificate as files.</summary>
    public (string Certificate, string Key) Write(string identity) =>
        _authority.WriteClient(_directory.Path, _authority.IssueClient(identity), identity);

    /// <summary>A client of our own, over mutual TLS.</summary>
    public async Task<MqttTestClient> OpenAsync(SslStreamCertificateContext certificate, ProtocolVersion version = ProtocolVersion.V500)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(Address, TestContext.Current.CancellationToken);
        var stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
        await stream.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",
                EnabledSslProtocols = SslProtocols.Tls13,
                ClientCertificateContext = certificate,
                RemoteCertificateValidationCallback = (_, _, _, _) => true,
            },
            TestContext.Current.CancellationToken);
        return new MqttTestClient(stream, version);
    }

    /// <summary>Ends a client's connection as an operator does.</summary>
    public void Disconnect(string clientId)
    {
        var link = (ClientLink)Host.Broker.Sessions.Find(clientId)!.Attachment!.Connection;
        link.Connection.Transport.Close(CloseReason.Disconnected);
    }

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        _directory.Dispose();
        _authority.Dispose();
    }
}
