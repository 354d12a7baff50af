using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Authentication;
using Cassini.Streams.Events;
using Cassini.Streams.Hosting;
using Cassini.Streams.Listening.Endpoints;
using Cassini.Streams.Listening.WebSockets;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Mqtt.Properties;
using Cassini.Tests.Broker;
using Cassini.Tests.Interop;
using Cassini.Tests.Listening.WebSockets;
using Cassini.Tests.Supervision;
using Cassini.Tests.Support;

namespace Cassini.Tests.Integration;

/// <summary>MQTT by WebSocket over real sockets and real TLS.</summary>
public class WebSocketTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(1_000)]
    public async Task Packets_InFramesOfAnyCutting_AreServed(int cut)
    {
        await using var host = await StartAsync();
        using var socket = await ConnectAsync(host, "alice");
        await using var client = new MqttTestClient(WebSocketStream.Create(socket, WebSocketMessageType.Binary), ProtocolVersion.V500);
        byte[] packets =
        [
            .. ConnectWriter.Write(client.Connect("browser")),
            .. new SubscribePacket(
                1, [new SubscriptionRequest("t/#", QualityOfService.AtLeastOnce, false, false, RetainHandling.Send)], PropertySet.Empty)
                .Write(ProtocolVersion.V500),
            .. client.Publish("t/a", "one", QualityOfService.AtLeastOnce, 2),
            .. client.Publish("t/b", new string('x', 70_000)),
        ];
        for (var (at, turn) = (0, 0); at < packets.Length; turn++)
        {
            // The long payload in a few frames, whatever the cut.
            var size = Math.Min(at < 100 ? cut : Math.Max(cut, 20_000), packets.Length - at);
            await socket.SendAsync(packets.AsMemory(at, size), WebSocketMessageType.Binary, endOfMessage: turn % 3 != 0, Token);
            at += size;
        }

        (await client.ExpectAsync<ConnAckPacket>()).Reason.ShouldBe(ReasonCode.Success);
        var seen = new List<object?>();
        while (seen.Count < 4)
        {
            seen.Add(await client.ReadAsync("the answers and the messages"));
        }

        seen.OfType<SubAckPacket>().ShouldHaveSingleItem().Reasons.ShouldBe([ReasonCode.GrantedQoS1]);
        seen.OfType<ReceivedPublish>().Select(message => (message.Topic, message.Text.Length)).ShouldBe([("t/a", 3), ("t/b", 70_000)]);
        seen.OfType<AckPacket>().ShouldHaveSingleItem().PacketId.ShouldBe((ushort)2);
    }

    [Fact]
    public async Task Messages_BetweenWebSocketAndTls_ArriveBothWays()
    {
        await using var host = await StartAsync();
        await using var plain = await host.OpenAsync(Context(host, "plain"));
        await plain.ConnectAsync(plain.Connect("plain"));
        using var socket = await ConnectAsync(host, "browser");
        await using var client = new MqttTestClient(WebSocketStream.Create(socket, WebSocketMessageType.Binary), ProtocolVersion.V310);
        await client.ConnectAsync(client.Connect("browser"));
        await client.SubscribeAsync("down", QualityOfService.AtLeastOnce);
        await plain.SubscribeAsync("up", QualityOfService.AtLeastOnce);

        await client.PublishAsync("up", "from the browser");
        await plain.ExpectPublishAsync("up", "from the browser");
        await plain.PublishAsync("down", "to the browser");
        await client.ExpectPublishAsync("down", "to the browser");
    }

    [Fact]
    public async Task Fragment_ThatNeverEnds_IsServedAsAStreamAndBounded()
    {
        await using var host = await StartAsync(options => options with
        {
            Broker = options.Broker with { MaxPacketSize = 4096 },
        });
        await using var peer = await UpgradedAsync(host, "alice");
        var client = new MqttTestClient(peer.Stream, ProtocolVersion.V500);
        await peer.SendAsync(ClientFrames.Header(Opcode.Binary, long.MaxValue, mask: 0));
        await peer.SendAsync(ConnectWriter.Write(client.Connect("endless")));
        (await peer.ReadFrameAsync()).Payload[0].ShouldBe((byte)0x20);
        await peer.SendAsync([0xC0, 0]);
        (await peer.ReadFrameAsync()).Payload.ShouldBe([0xD0, 0]);

        // A packet in it is as long as any other may be.
        await peer.SendAsync([0x30, 0xFF, 0xFF, 0x7F]);
        (await peer.ReadFrameAsync()).Payload[0].ShouldBe((byte)0xE0);
        await peer.ExpectCloseAsync(1000, "ProtocolError");
    }

    [Fact]
    public async Task TextFrame_InASession_EndsItAndLosesNothing()
    {
        await using var host = await StartAsync();
        await using var other = await host.OpenAsync(Context(host, "other"));
        await other.ConnectAsync(other.Connect("other"));
        await other.SubscribeAsync("t", QualityOfService.AtLeastOnce);
        await using var peer = await UpgradedAsync(host, "alice");
        var client = new MqttTestClient(peer.Stream, ProtocolVersion.V500);
        var connect = BrokerRig.WithWill(client.Connect("texter"), "t");
        await peer.SendAsync(
            [
                .. ClientFrames.Of(Opcode.Binary, ConnectWriter.Write(connect)),
                .. ClientFrames.Of(Opcode.Binary, client.Publish("t", "before", QualityOfService.AtLeastOnce, 1)),
                .. ClientFrames.Of(Opcode.Text, "{}"u8),
            ]);

        await peer.ExpectCloseAsync(1003, "a text frame");
        await other.ExpectPublishAsync("t", "before");
        await other.ExpectPublishAsync("t", "gone");
        await Eventually.BecomesAsync(
            "the session closes", () => Events(host).OfType<SessionClosed>().LastOrDefault(), closed => closed is not null);
        Events(host).OfType<SessionClosed>().ShouldHaveSingleItem().Reason.ShouldBe(CloseReason.WebSocketText);
    }

    [Fact]
    public async Task TakeOver_ByAConnectionWithoutWebSocket_SaysSoToBoth()
    {
        await using var host = await StartAsync();
        using var socket = await ConnectAsync(host, "alice");
        await using var client = new MqttTestClient(WebSocketStream.Create(socket, WebSocketMessageType.Binary), ProtocolVersion.V500);
        await client.ConnectAsync(client.Connect("same"));
        await using var next = await host.OpenAsync(Context(host, "alice"));
        await next.ConnectAsync(next.Connect("same"));

        (await client.ExpectAsync<ReasonPacket>()).Reason.ShouldBe(ReasonCode.SessionTakenOver);
        await client.ExpectEndAsync();
        (socket.CloseStatus, socket.CloseStatusDescription).ShouldBe((WebSocketCloseStatus.NormalClosure, "TakenOver"));
    }

    [Fact]
    public async Task Stop_OfTheBroker_DisconnectsAndGoesAway()
    {
        await using var host = await StartAsync();
        using var socket = await ConnectAsync(host, "alice");
        await using var client = new MqttTestClient(WebSocketStream.Create(socket, WebSocketMessageType.Binary), ProtocolVersion.V500);
        await client.ConnectAsync(client.Connect("same"));
        var stop = host.Host.StopAsync(Token);

        (await client.ExpectAsync<ReasonPacket>()).Reason.ShouldBe(ReasonCode.ServerShuttingDown);
        await client.ExpectEndAsync();
        socket.CloseStatus.ShouldBe(WebSocketCloseStatus.EndpointUnavailable);
        socket.Abort();
        await stop.Within("the stop");
    }

    [Fact]
    public async Task Health_OfAWebSocketEndpoint_IsProvedByTheCanary()
    {
        await using var broker = await RunningBroker.ServingMqttAsync(WithWebSocket);

        broker.Now.Endpoints.Length.ShouldBe(2);
        broker.Now.Endpoints.ShouldAllBe(endpoint => endpoint.State == EndpointState.Bound);
        broker.Now.Endpoints.Select(endpoint => endpoint.WebSocket).ShouldBe([false, true]);
        broker.Check("canary").Status.ShouldBe(HealthStatus.Ok);
        broker.Check("accept").Status.ShouldBe(HealthStatus.Ok);
        broker.Host.Connections.Count.ShouldBe(0);
        broker.Events().Select(envelope => envelope.Event).OfType<ConnectionAccepted>().ShouldBeEmpty();

        var port = IPEndPoint.Parse(broker.Now.Endpoints[1].Address).Port;
        using var socket = await ConnectAsync(broker.Authority.IssueClient("alice"), port);
        var row = await Eventually.BecomesAsync(
            "it is in the table", () => broker.Host.Connections.List().SingleOrDefault(row => row.State == "open"), row => row is not null);
        row!.Protocol.ShouldBe("WebSocket over TLS 1.3");
    }

    [Fact]
    public async Task Health_OfAnotherProtocolByWebSocket_IsProvedByTheCanary()
    {
        await using var broker = await RunningBroker.ReadyAsync(WithWebSocket);

        broker.Check("canary").Status.ShouldBe(HealthStatus.Ok);
        broker.Now.Endpoints.Length.ShouldBe(2);
    }

    private static IEnumerable<BrokerEvent> Events(MqttHost host)
    {
        var log = host.Host.Hub.Log;
        for (var sequence = log.Oldest; sequence <= log.Newest; sequence++)
        {
            if (log.TryGet(sequence, out var envelope))
            {
                yield return envelope.Event;
            }
        }
    }

    /// <summary>The other endpoint is at [::1], because two of one address need two known ports.</summary>
    internal static CassiniOptions WithWebSocket(CassiniOptions options) => options with
    {
        Listener = options.Listener with
        {
            Endpoints = [new EndpointAddress(IPAddress.IPv6Loopback, 0)],
            WebSocketEndpoints = [new EndpointAddress(IPAddress.Loopback, 0)],
        },
    };

    private static Task<MqttHost> StartAsync(Func<CassiniOptions, CassiniOptions>? change = null) =>
        MqttHost.StartAsync(options => WithWebSocket(change?.Invoke(options) ?? options));

    private static SslStreamCertificateContext Context(MqttHost host, string identity) =>
        SslStreamCertificateContext.Create(host.Issue(identity), null, offline: true);

    private static int PortOf(MqttHost host) => host.Host.Listeners.Endpoints[1].Bound!.Port;

    private static Task<ClientWebSocket> ConnectAsync(MqttHost host, string identity) => ConnectAsync(host.Issue(identity), PortOf(host));

    private static async Task<ClientWebSocket> ConnectAsync(
        System.Security.Cryptography.X509Certificates.X509Certificate2 certificate, int port)
    {
        var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol("mqtt");
        socket.Options.RemoteCertificateValidationCallback = (_, _, _, _) => true;
        socket.Options.ClientCertificates.Add(certificate);
        await socket.ConnectAsync(new Uri($"wss://localhost:{port}/mqtt"), Token).Within("the connect");
        socket.SubProtocol.ShouldBe("mqtt");
        return socket;
    }

    private static async Task<WebSocketPeer> UpgradedAsync(MqttHost host, string identity)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, PortOf(host)), Token);
        var stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
        await stream.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",
                EnabledSslProtocols = SslProtocols.Tls13,
                ClientCertificateContext = Context(host, identity),
                RemoteCertificateValidationCallback = (_, _, _, _) => true,
            },
            Token);
        return await new WebSocketPeer(stream).UpgradeAsync();
    }
}
