using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using Cassini.Streams.Events;
using Cassini.Streams.Listening;
using Cassini.Streams.Listening.Connections;
using Cassini.Streams.Listening.Endpoints;
using Cassini.Streams.Listening.WebSockets;
using Cassini.Tests.Supervision;
using Cassini.Tests.Support;

namespace Cassini.Tests.Listening.WebSockets;

/// <summary>Endpoints of WebSocket over real sockets and real TLS, with a protocol that is not MQTT.</summary>
public class WebSocketEndpointTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Client_OfTheRuntime_IsServedLikeAnyOther()
    {
        await using var rig = await StartAsync(new Echo());
        using var client = new ClientWebSocket();
        client.Options.AddSubProtocol("echo");
        client.Options.RemoteCertificateValidationCallback = (_, _, _, _) => true;
        client.Options.ClientCertificates.Add(rig.Certificates.Client("alice"));
        await client.ConnectAsync(new Uri($"wss://localhost:{rig.BoundAddress(1).Port}/any/path"), Token).Within("the connect");
        client.SubProtocol.ShouldBe("echo");

        byte[] bytes = [.. Enumerable.Range(0, 100_000).Select(i => (byte)i)];
        await client.SendAsync(bytes, WebSocketMessageType.Binary, endOfMessage: true, Token);
        await using (var stream = WebSocketStream.Create(client, WebSocketMessageType.Binary))
        {
            var back = new byte[bytes.Length];
            await stream.ReadExactlyAsync(back, Token).AsTask().Within("the echo");
            back.ShouldBe(bytes);
        }

        await client.CloseAsync(WebSocketCloseStatus.NormalClosure, null, Token).Within("the close");
        var completed = rig.Events.Of<HandshakeCompleted>().ShouldHaveSingleItem();
        (completed.Identity, completed.Protocol).ShouldBe(("alice", "WebSocket over TLS 1.3"));
        var closed = await rig.Events.WaitForAsync<ConnectionClosed>("the end");
        (closed.Reason, closed.BytesReceived, closed.BytesSent).ShouldBe((CloseReason.PeerClosed, 100_000, 100_000));
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\n\r\n", "426 Upgrade Required", HandshakeFailure.NotWebSocket)]
    [InlineData("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello", "405 Method", HandshakeFailure.NotWebSocket)]
    [InlineData("\u0010\u000c\u0000\u0004MQTT\u0005\u0002\u0000\u003c", "400 Bad Request", HandshakeFailure.NotWebSocket)]
    [InlineData("wrong subprotocol", "400 Bad Request", HandshakeFailure.NotWebSocket)]
    [InlineData("foreign origin", "403 Forbidden", HandshakeFailure.ForeignOrigin)]
    public async Task Request_ThatIsNoUpgrade_IsAnsweredReportedAndNeverServed(string request, string status, HandshakeFailure reason)
    {
        await using var rig = await StartAsync(new Echo());
        await using var peer = await OpenAsync(rig);
        request = request switch
        {
            "wrong subprotocol" => WebSocketPeer.Request(subprotocol: "chat"),
            "foreign origin" => WebSocketPeer.Request("Origin: https://evil.example\r\n", "echo"),
            _ => request,
        };

        (await peer.AskAsync(request)).ShouldStartWith($"HTTP/1.1 {status}");
        (await new StreamReader(peer.Stream).ReadToEndAsync(Token).Within("the end")).ShouldEndWith("\n");

        var failed = await rig.Events.WaitForAsync<HandshakeFailed>("the refusal");
        (failed.Reason, failed.IsRefusal).ShouldBe((reason, true));
        failed.Detail.ShouldNotBeNullOrEmpty();
        rig.Events.Of<ConnectionOpened>().ShouldBeEmpty();
        await Eventually.HoldsAsync("its place is free", () => rig.Gate.InFlight == 0);
    }

    [Fact]
    public async Task Head_ThatIsTooLong_IsAnsweredThoughThePeerStillSends()
    {
        await using var rig = await StartAsync(new Echo());
        await using var peer = await OpenAsync(rig);

        (await peer.AskAsync("GET / HTTP/1.1\r\nX: " + new string('x', 20_000))).ShouldStartWith("HTTP/1.1 431 ");
        (await rig.Events.WaitForAsync<HandshakeFailed>("the refusal")).Reason.ShouldBe(HandshakeFailure.NotWebSocket);
    }

    [Fact]
    public async Task Peer_ThatSendsNoRequest_TimesOutInItsPlace()
    {
        await using var rig = await StartAsync(new Echo(), options => options with { HandshakeTimeout = TimeSpan.FromMilliseconds(500) });
        await using var peer = await OpenAsync(rig);
        await peer.SendAsync("GET / HTTP/1.1\r\n"u8.ToArray());

        var failed = await rig.Events.WaitForAsync<HandshakeFailed>("the end");
        failed.Reason.ShouldBe(HandshakeFailure.TimedOut);
        failed.Detail.ShouldBe("did not finish its WebSocket request");
    }

    [Fact]
    public async Task Request_WithFramesBehindIt_LosesNone()
    {
        await using var rig = await StartAsync(new Echo());
        await using var peer = await OpenAsync(rig);
        await peer.SendAsync(
            [.. Encoding.ASCII.GetBytes(WebSocketPeer.Request(subprotocol: "echo")), .. ClientFrames.Of(Opcode.Binary, "early"u8)]);

        (await peer.AskAsync("")).ShouldStartWith("HTTP/1.1 101 ");
        (await peer.ReadFrameAsync()).Payload.ShouldBe("early"u8.ToArray());
    }

    [Theory]
    [InlineData(1, 1003, "a text frame", CloseReason.WebSocketText)]
    [InlineData(3, 1002, "a frame of the reserved opcode 3", CloseReason.WebSocketError)]
    public async Task Frame_ThatIsWrong_EndsTheConnectionWithItsReason(int opcode, int status, string message, CloseReason reason)
    {
        await using var rig = await StartAsync(new Echo());
        await using var peer = await UpgradedAsync(rig);
        await peer.SendAsync([.. ClientFrames.Of(Opcode.Binary, "hello"u8), .. ClientFrames.Of((Opcode)opcode, "x"u8)]);

        (await peer.ReadFrameAsync()).Payload.ShouldBe("hello"u8.ToArray());
        await peer.ExpectCloseAsync(status, message);
        (await rig.Events.WaitForAsync<ConnectionClosed>("the end")).Reason.ShouldBe(reason);
        rig.Events.Of<SessionClosed>().ShouldHaveSingleItem().Reason.ShouldBe(reason);
        rig.Events.Of<Crashed>().ShouldBeEmpty();
    }

    [Fact]
    public async Task Pings_WithoutEnd_EndTheConnectionThoughThePeerStillSends()
    {
        await using var rig = await StartAsync(new Echo());
        await using var peer = await UpgradedAsync(rig);
        var pings = Enumerable.Repeat(ClientFrames.Of(Opcode.Ping, new byte[100]), 3_000).SelectMany(ping => ping).ToArray();
        await peer.SendAsync(pings);

        await peer.ExpectCloseAsync(1008, "too many pings");
        (await rig.Events.WaitForAsync<ConnectionClosed>("the end")).Reason.ShouldBe(CloseReason.WebSocketFlood);
    }

    [Fact]
    public async Task Stop_OfTheListener_SaysThatTheServerGoes()
    {
        await using var rig = await StartAsync(new Echo());
        await using var peer = await UpgradedAsync(rig);
        var stop = rig.Manager.StopAsync(Token);

        await peer.ExpectCloseAsync(1001, "Shutdown");
        await peer.DisposeAsync();
        await stop.Within("the stop");
    }

    [Fact]
    public async Task Operator_DisconnectsAClient_ClosesTheWebSocket()
    {
        await using var rig = await StartAsync(new Echo());
        await using var peer = await UpgradedAsync(rig);
        rig.Manager.Disconnect("alice").ShouldBe(1);

        await peer.ExpectCloseAsync(1000, "Disconnected");
    }

    [Fact]
    public async Task Crash_OfTheHandler_SaysThatTheServerFailed()
    {
        await using var rig = await StartAsync(new Echo());
        await using var peer = await UpgradedAsync(rig);
        await peer.SendAsync(Opcode.Binary, "crash"u8.ToArray());

        await peer.ExpectCloseAsync(1011, "Crashed");
        (await rig.Events.WaitForAsync<ConnectionClosed>("the end")).Reason.ShouldBe(CloseReason.Crashed);
    }

    [Theory]
    [InlineData(1, "http/1.1")]
    [InlineData(0, "")]
    public async Task Alpn_OfABrowser_IsHttp11OnlyWithWebSocket(int endpoint, string chosen)
    {
        await using var rig = await StartAsync(new Echo());
        var options = rig.ClientOptions("alice");
        options.ApplicationProtocols = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11];
        var socket = await rig.ConnectAsync(rig.BoundAddress(endpoint));
        await using var stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
        await stream.AuthenticateAsClientAsync(options, Token).Within("the handshake");

        stream.NegotiatedApplicationProtocol.ToString().ShouldBe(chosen);
    }

    [Fact]
    public async Task Client_WithoutACertificate_IsRefusedBeforeAnyRequest()
    {
        await using var rig = await StartAsync(new Echo());
        await using var stream = await rig.OpenAsync(client: null, to: rig.BoundAddress(1));

        (await rig.Events.WaitForAsync<HandshakeFailed>("the refusal")).Reason.ShouldBe(HandshakeFailure.NoCertificate);
    }

    [Fact]
    public void Manager_OneAddressInBothLists_IsRefused()
    {
        var address = new EndpointAddress(IPAddress.Loopback, 8883);
        Should.Throw<ArgumentException>(
            () => new ListeningRig(options => options with { Endpoints = [address], WebSocketEndpoints = [address] }));
    }

    /// <summary>The other endpoint is at [::1], because two of one address need two known ports.</summary>
    private static Task<ListeningRig> StartAsync(Echo handler, Func<ListenerOptions, ListenerOptions>? change = null) =>
        ListeningRig.StartAsync(
            options => (change ?? ListeningRig.Patient)(
                options with { Endpoints = [new EndpointAddress(IPAddress.IPv6Loopback, 0)], WebSocketEndpoints = [ListeningRig.AnyPort] }),
            handler);

    private static async Task<WebSocketPeer> OpenAsync(ListeningRig rig) => new(await rig.OpenAsync(to: rig.BoundAddress(1)));

    private static async Task<WebSocketPeer> UpgradedAsync(ListeningRig rig)
    {
        var peer = await OpenAsync(rig);
        (await peer.AskAsync(WebSocketPeer.Request(subprotocol: "echo"))).ShouldStartWith("HTTP/1.1 101 ");
        await rig.Events.WaitForAsync<ConnectionOpened>("the connection");
        return peer;
    }

    /// <summary>Sends back what comes; crashes when that is asked for.</summary>
    private sealed class Echo : IConnectionHandler
    {
        public System.Collections.Immutable.ImmutableArray<string> WebSocketSubprotocols => ["echo"];

        public async Task HandleAsync(Connection connection, CancellationToken cancellationToken)
        {
            var buffer = new byte[4096];
            while (true)
            {
                _ = await connection.Stream.ReadAsync(Memory<byte>.Empty, cancellationToken);
                var read = await connection.Stream.ReadAsync(buffer, cancellationToken);
                if (read == 0)
                {
                    return;
                }

                if (buffer.AsSpan(0, read).SequenceEqual("crash"u8))
                {
                    throw new InvalidOperationException("as asked for");
                }

                await connection.Stream.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            }
        }
    }
}
