using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Cassini.Streams.Events;
using Cassini.Streams.Listening.Handshakes;
using Cassini.Streams.Tls.Clients;
using Cassini.Streams.Tls.Files;
using Cassini.Streams.Tls.Handshakes;

namespace Cassini.Tests.Tls;

/// <summary>How a handshake ended on both sides.</summary>
/// <param name="Outcome">What the server makes of it; null when it accepted the client.</param>
/// <param name="Detail">The server's words for people.</param>
/// <param name="Verdict">The verdict on the client's certificate.</param>
/// <param name="Protocol">The TLS version, None when the handshake failed.</param>
/// <param name="ServerException">What the server's handshake threw.</param>
/// <param name="ClientException">What the client saw, its first read included.</param>
internal sealed record HandshakeResult(
    HandshakeFailure? Outcome,
    string? Detail,
    ClientVerdict Verdict,
    SslProtocols Protocol,
    Exception? ServerException,
    Exception? ClientException);

/// <summary>Real TLS over a loopback socket: our server side, any client.</summary>
internal static class Handshake
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    /// <summary>With a real .NET client; <paramref name="client"/> null sends no certificate.</summary>
    public static Task<HandshakeResult> WithClientAsync(
        TlsMaterial material, SslProtocols protocol, X509Certificate2? client, params X509Certificate2[] intermediates) =>
        WithAsync(material.ServerOptions, port => ConnectAsync(port, protocol, client, intermediates, trusts: true));

    /// <summary>With whatever the peer does to the port.</summary>
    public static Task<HandshakeResult> WithAsync(SslServerAuthenticationOptions options, Func<int, Task> peer) =>
        UntilCancelledAsync(options, peer, CancellationToken.None);

    /// <summary>With a server that gives up when it is cancelled.</summary>
    public static async Task<HandshakeResult> UntilCancelledAsync(
        SslServerAuthenticationOptions options, Func<int, Task> peer, CancellationToken cancellation)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var peerTask = Catch(() => peer(((IPEndPoint)listener.LocalEndpoint).Port));
        using var socket = await listener.AcceptSocketAsync(TestContext.Current.CancellationToken).AsTask()
            .WaitAsync(Deadline, TimeProvider.System, CancellationToken.None);
        var tls = new MutualTlsStream(new SocketStream(socket, ownsSocket: true), leaveInnerStreamOpen: false);
        Exception? failure;
        var protocol = SslProtocols.None;
        await using (tls)
        {
            failure = await Catch(async () =>
            {
                await tls.AuthenticateAsServerAsync(options, cancellation).WaitAsync(Deadline, TimeProvider.System, CancellationToken.None);
                protocol = tls.SslProtocol;
                await tls.WriteAsync("ok"u8.ToArray(), CancellationToken.None);
            });
        }

        var clientFailure = await peerTask.WaitAsync(Deadline, TimeProvider.System, CancellationToken.None);
        var (outcome, detail) = failure is null ? (null, null) : Classify(failure, tls.Verdict);
        return new HandshakeResult(outcome, detail, tls.Verdict, protocol, failure, clientFailure);
    }

    public static async Task ConnectAsync(
        int port, SslProtocols protocol, X509Certificate2? client, X509Certificate2[] intermediates, bool trusts)
    {
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(IPAddress.Loopback, port);
        await using var tls = new SslStream(tcp.GetStream());
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            EnabledSslProtocols = protocol,
            ClientCertificateContext = client is null
                ? null
                : SslStreamCertificateContext.Create(client, [.. intermediates], offline: true),
            RemoteCertificateValidationCallback = (_, _, _, _) => trusts,

            // Each client is one that comes for the first time.
            AllowTlsResume = false,
        });

        // With TLS 1.3 the client has finished before it is judged: the first read shows it.
        var buffer = new byte[2];
        await tls.ReadExactlyAsync(buffer);
    }

    private static (HandshakeFailure?, string?) Classify(Exception failure, ClientVerdict verdict)
    {
        var (reason, detail) = HandshakeFailures.Classify(failure, verdict);
        return (reason, detail);
    }

    private static async Task<Exception?> Catch(Func<Task> action)
    {
        try
        {
            await action();
            return null;
        }
        catch (Exception e)
        {
            return e;
        }
    }
}
