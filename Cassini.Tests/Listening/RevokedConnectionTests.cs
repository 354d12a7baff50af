using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Cassini.Streams.Events;
using Cassini.Streams.Listening;
using Cassini.Streams.Listening.WebSockets;
using Cassini.Streams.Tls;
using Cassini.Tests.Listening.WebSockets;
using Cassini.Tests.Support;

namespace Cassini.Tests.Listening;

/// <summary>What becomes of open connections when a list that is loaded revokes their certificates.</summary>
public sealed class RevokedConnectionTests : IAsyncDisposable
{
    private readonly List<IAsyncDisposable> _open = [];

    public async ValueTask DisposeAsync()
    {
        foreach (var one in _open)
        {
            await one.DisposeAsync();
        }
    }

    [Fact]
    public async Task Load_OfAListThatRevokes_EndsThoseConnectionsAlone()
    {
        var rig = await StartAsync();
        var (_, thief) = await OpenAsync(rig, "thief");
        var (_, again) = await OpenAsync(rig, "thief");
        var (bob, _) = await OpenAsync(rig, "bob");

        Revoke(rig, rig.Certificates.Client("thief"));

        await rig.Events.WaitForCountAsync<ConnectionClosed>(2, "the ends");
        rig.Events.Of<ConnectionClosed>().Select(end => (end.ConnectionId, end.Reason)).ShouldBe(
            [(thief.ConnectionId, CloseReason.CertificateRevoked), (again.ConnectionId, CloseReason.CertificateRevoked)],
            ignoreOrder: true);
        await bob.WriteAsync(new byte[1], TestContext.Current.CancellationToken);
        await Eventually.HoldsAsync("the byte of the one that stays", () => rig.Manager.BytesReceived == 1);
        rig.Manager.OpenConnections.ShouldBe(1);
    }

    [Fact]
    public async Task Load_OfAListThatRevokes_EndsNoneWhenThatIsOff()
    {
        var rig = await StartAsync(tls => tls with { DisconnectRevoked = false });
        var (stream, _) = await OpenAsync(rig, "thief");

        Revoke(rig, rig.Certificates.Client("thief"));

        await stream.WriteAsync(new byte[1], TestContext.Current.CancellationToken);
        await Eventually.HoldsAsync("the byte", () => rig.Manager.BytesReceived == 1);
        rig.Manager.OpenConnections.ShouldBe(1);
        await using var refused = await rig.OpenAsync("thief");
        (await rig.Events.WaitForAsync<HandshakeFailed>("the refusal")).Reason.ShouldBe(HandshakeFailure.RevokedCertificate);
    }

    // A client sends its intermediates once, and those of others may have come since: more than are kept for clients that resume TLS.
    [Theory]
    [InlineData(0)]
    [InlineData(70)]
    public async Task Load_OfAListThatRevokesAnIntermediate_EndsTheConnectionsBelowIt(int others)
    {
        var rig = await StartAsync();
        using var intermediate = rig.Certificates.Authority.IssueIntermediate();
        using var leaf = intermediate.IssueClient("below");
        var (alice, _) = await OpenAsync(rig, "alice");
        var socket = await rig.ConnectAsync();
        var below = new SslStream(new NetworkStream(socket, ownsSocket: true));
        _open.Insert(0, below);
        await below.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",
                EnabledSslProtocols = SslProtocols.Tls13,
                ClientCertificateContext = SslStreamCertificateContext.Create(leaf, [intermediate.Certificate], offline: true),
                RemoteCertificateValidationCallback = (_, _, _, _) => true,
            },
            TestContext.Current.CancellationToken);
        var opened = await rig.Events.WaitForAsync<ConnectionOpened>("the connection", one => one.Identity == "below");

        for (var i = 0; i < others; i++)
        {
            using var other = rig.Certificates.Authority.IssueIntermediate($"another {i}");
            using var client = other.IssueClient("another");
            rig.Store.Current.Judge(client, [other.Certificate]).Accepted.ShouldBeTrue();
        }

        Revoke(rig, intermediate.Certificate);

        var closed = await rig.Events.WaitForAsync<ConnectionClosed>("the end");
        (closed.ConnectionId, closed.Reason).ShouldBe((opened.ConnectionId, CloseReason.CertificateRevoked));
        await alice.WriteAsync(new byte[1], TestContext.Current.CancellationToken);
        await Eventually.HoldsAsync("the byte of the one that stays", () => rig.Manager.BytesReceived == 1);
        rig.Manager.OpenConnections.ShouldBe(1);
    }

    // Between the verdict on its certificate and its opening a connection is not among the open ones. An upgrade makes that long.
    [Fact]
    public async Task Load_OfAListThatRevokes_BetweenHandshakeAndOpening_EndsTheConnection()
    {
        var rig = await StartAsync(configure: options => options with { Endpoints = [], WebSocketEndpoints = [ListeningRig.AnyPort] });
        var stream = await rig.OpenAsync("thief", SslProtocols.Tls12, rig.Address);
        _open.Insert(0, stream);

        Revoke(rig, rig.Certificates.Client("thief"));

        byte[] upgradeAndFrame =
            [.. Encoding.ASCII.GetBytes(WebSocketPeer.Request()), .. ClientFrames.Of(Opcode.Binary, [1, 2, 3])];
        await stream.WriteAsync(upgradeAndFrame, TestContext.Current.CancellationToken);
        (await rig.Events.WaitForAsync<ConnectionClosed>("the end")).Reason.ShouldBe(CloseReason.CertificateRevoked);
        rig.Manager.OpenConnections.ShouldBe(0);
        rig.Manager.BytesReceived.ShouldBe(0, "what it sent is not handled");
    }

    private async Task<ListeningRig> StartAsync(
        Func<TlsOptions, TlsOptions>? tls = null, Func<ListenerOptions, ListenerOptions>? configure = null)
    {
        var rig = await ListeningRig.StartAsync(configure, tls: tls);
        _open.Add(rig);
        return rig;
    }

    private async Task<(SslStream Stream, ConnectionOpened Opened)> OpenAsync(ListeningRig rig, string client)
    {
        var opened = await rig.OpenAndWaitAsync(client);
        _open.Insert(0, opened.Stream);
        return opened;
    }

    private static void Revoke(ListeningRig rig, X509Certificate2 certificate)
    {
        rig.Certificates.WriteRevocationList(certificate);
        rig.Store.Look(isCertain: true);
    }
}
