using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using Cassini.Streams.Events;
using Cassini.Streams.Listening.Endpoints;
using Cassini.Tests.Supervision;

namespace Cassini.Tests.Listening;

public class ConnectionLifeTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(SslProtocols.Tls12, "TLS 1.2")]
    [InlineData(SslProtocols.Tls13, "TLS 1.3")]
    public async Task Client_SendsAndCloses_PublishesItsWholeLifeInOrder(SslProtocols protocol, string name)
    {
        await using var rig = await ListeningRig.StartAsync();
        await using (var client = await rig.OpenAsync("alice", protocol))
        {
            await client.WriteAsync(new byte[1000], Token);
            await client.ShutdownAsync();
        }

        await rig.Events.WaitForAsync<ConnectionClosed>("the end");

        var life = rig.Events.Events.Where(e => e.Category is EventCategory.Connection or EventCategory.Session).ToList();
        life.Count.ShouldBe(6);
        life[0].ShouldBeOfType<ConnectionAccepted>().Endpoint.ShouldBe("127.0.0.1:0");
        life[1].ShouldBeOfType<HandshakeCompleted>()
            .ShouldSatisfyAllConditions(e => e.Identity.ShouldBe("alice"), e => e.Protocol.ShouldBe(name));
        life[2].ShouldBe(new ConnectionOpened(1, "alice"));

        // The handler is of no protocol that has sessions: each connection carries one.
        life[3].ShouldBe(new SessionOpened(1, null, "alice", null, SessionPresent: false));
        life[4].ShouldBeOfType<SessionClosed>().ShouldSatisfyAllConditions(
            e => e.ConnectionId.ShouldBe(1),
            e => e.ClientId.ShouldBeNull(),
            e => e.Reason.ShouldBe(CloseReason.PeerClosed),
            e => e.Kept.ShouldBeFalse());
        life[5].ShouldBeOfType<ConnectionClosed>().ShouldSatisfyAllConditions(
            e => e.Reason.ShouldBe(CloseReason.PeerClosed),
            e => e.BytesReceived.ShouldBe(1000),
            e => e.BytesSent.ShouldBe(0));
        rig.Manager.BytesReceived.ShouldBe(1000);
    }

    [Fact]
    public async Task Peer_ConnectsAndCloses_IsABareProbe()
    {
        await using var rig = await ListeningRig.StartAsync();
        (await rig.ConnectAsync()).Dispose();

        (await rig.Events.WaitForAsync<HandshakeFailed>("the end")).Reason.ShouldBe(HandshakeFailure.BareProbe);
    }

    [Fact]
    public async Task Peer_ConnectsAndResets_IsABareProbe()
    {
        await using var rig = await ListeningRig.StartAsync();
        var socket = await rig.ConnectAsync();
        await rig.Events.WaitForAsync<ConnectionAccepted>("the accept");
        Sockets.Abort(socket);

        (await rig.Events.WaitForAsync<HandshakeFailed>("the end")).Reason.ShouldBe(HandshakeFailure.BareProbe);
    }

    [Fact]
    public async Task Peer_StaysSilent_IsClosedAtTheTimeout()
    {
        await using var rig = await ListeningRig.StartAsync(o => o with { HandshakeTimeout = TimeSpan.FromMilliseconds(200) });
        using var socket = await rig.ConnectAsync();

        var failed = await rig.Events.WaitForAsync<HandshakeFailed>("the end");

        failed.Reason.ShouldBe(HandshakeFailure.Silent);
        failed.Duration.ShouldBeGreaterThan(TimeSpan.FromMilliseconds(190));
        (await socket.ReceiveAsync(new byte[1], Token).AsTask().Within("the close at the client")).ShouldBe(0);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n\r\n", "plain HTTP")]
    [InlineData("OPTIONS * HTTP/1.1\r\n\r\n", "plain HTTP")]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "plain HTTP")]
    [InlineData("GETTING", "its first byte is 0x47")]
    [InlineData("G", "its first byte is 0x47")]
    [InlineData("\u0010\u000c\u0000\u0004MQTT", "its first byte is 0x10")]
    public async Task Peer_SpeaksSomethingElseThanTls_IsRecognizedAtOnce(string sent, string detail)
    {
        await using var rig = await ListeningRig.StartAsync();
        using var socket = await rig.ConnectAsync();
        await socket.SendAsync(Encoding.ASCII.GetBytes(sent), Token);

        var failed = await rig.Events.WaitForAsync<HandshakeFailed>("the end");

        failed.Reason.ShouldBe(HandshakeFailure.NotTls);
        failed.Detail.ShouldBe(detail);
    }

    [Fact]
    public async Task Peer_SendsHalfAHello_TimesOut()
    {
        await using var rig = await ListeningRig.StartAsync(o => o with { HandshakeTimeout = TimeSpan.FromMilliseconds(200) });
        HandshakeFailed failed;
        var peers = 0;
        do
        {
            using var socket = await rig.ConnectAsync();
            await socket.SendAsync(new byte[] { 0x16, 0x03 }, Token);
            failed = (await rig.Events.WaitForCountAsync<HandshakeFailed>(++peers, "the end"))[^1];
        }
        while (failed.Reason == HandshakeFailure.Silent && peers < 100); // Which was too late on a busy machine.

        failed.Reason.ShouldBe(HandshakeFailure.TimedOut);
    }

    [Fact]
    public async Task Peer_ClosesInMidHello_IsPeerClosed()
    {
        await using var rig = await ListeningRig.StartAsync();
        using (var socket = await rig.ConnectAsync())
        {
            await socket.SendAsync(new byte[] { 0x16, 0x03 }, Token);
        }

        (await rig.Events.WaitForAsync<HandshakeFailed>("the end")).Reason.ShouldBe(HandshakeFailure.PeerClosed);
    }

    [Fact]
    public async Task Client_WithoutACertificate_IsRefusedForThat()
    {
        await using var rig = await ListeningRig.StartAsync();
        await using var client = await rig.OpenAsync(client: null);

        (await rig.Events.WaitForAsync<HandshakeFailed>("the end")).Reason.ShouldBe(HandshakeFailure.NoCertificate);
    }

    [Fact]
    public async Task Client_OfAnotherCa_IsRefusedForThat()
    {
        await using var rig = await ListeningRig.StartAsync();
        using var foreign = new TestCertificates();
        using var socket = await rig.ConnectAsync();
        await using var client = new SslStream(new NetworkStream(socket));
        var options = rig.ClientOptions("alice");
        options.LocalCertificateSelectionCallback = (_, _, _, _, _) => foreign.Client("mallory");
        await client.AuthenticateAsClientAsync(options, Token).Within("the client's handshake");

        (await rig.Events.WaitForAsync<HandshakeFailed>("the end")).Reason.ShouldBe(HandshakeFailure.UntrustedCertificate);
    }

    [Fact]
    public async Task Client_ResetsTheConnection_IsConnectionLostAndNoCrash()
    {
        await using var rig = await ListeningRig.StartAsync();
        using var socket = await rig.ConnectAsync();
        await using var client = new SslStream(new NetworkStream(socket));
        await client.AuthenticateAsClientAsync(rig.ClientOptions("alice"), Token).Within("the client's handshake");
        await rig.Events.WaitForAsync<ConnectionOpened>("the connection");

        Sockets.Abort(socket);

        (await rig.Events.WaitForAsync<ConnectionClosed>("the end")).Reason.ShouldBe(CloseReason.ConnectionLost);
        rig.Events.Of<Crashed>().ShouldBeEmpty();
    }

    [Fact]
    public async Task Disconnect_OpenConnection_EndsItWithACloseNotify()
    {
        await using var rig = await ListeningRig.StartAsync();
        var (client, opened) = await rig.OpenAndWaitAsync();

        rig.Manager.Disconnect(opened.ConnectionId).ShouldBeTrue();

        (await client.ReadAsync(new byte[1], Token).AsTask().Within("the end at the client")).ShouldBe(0);
        (await rig.Events.WaitForAsync<ConnectionClosed>("the end")).Reason.ShouldBe(CloseReason.Disconnected);
        rig.Manager.Disconnect(opened.ConnectionId).ShouldBeFalse();
        rig.Manager.Disconnect(999).ShouldBeFalse();
        rig.Manager.Disconnect(-1).ShouldBeFalse();
        await client.DisposeAsync();
    }

    [Fact]
    public async Task Disconnect_WhileHandshaking_FindsNoOpenConnection()
    {
        await using var rig = await ListeningRig.StartAsync();
        using var socket = await rig.ConnectAsync();
        var accepted = await rig.Events.WaitForAsync<ConnectionAccepted>("the accept");

        rig.Manager.Disconnect(accepted.ConnectionId).ShouldBeFalse();
    }

    [Fact]
    public async Task NewCertificate_InUseFromTheNextHandshakeOn()
    {
        await using var rig = await ListeningRig.StartAsync();
        await using var before = await rig.OpenAsync();
        rig.Certificates.WriteServer();
        rig.Store.Load();
        await using var after = await rig.OpenAsync("bob");

        after.RemoteCertificate!.GetRawCertData().ShouldBe(rig.Store.Current.Server.RawData);
        before.RemoteCertificate!.GetRawCertData().ShouldNotBe(rig.Store.Current.Server.RawData);
        await before.WriteAsync(new byte[1], Token);
    }
}
