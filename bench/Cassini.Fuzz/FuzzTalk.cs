using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Mqtt.Properties;

namespace Cassini.Fuzz;

/// <summary>One conversation with the broker, of the kind that its seed and number say.</summary>
internal sealed class FuzzTalk(int port, X509Certificate2 certificate)
{
    private const int Clients = 6;
    private static readonly TimeSpan TalkTimeout = TimeSpan.FromSeconds(20);
    private static readonly string[] Topics = ["a", "a/b", "a/b/c", "b", "$SYS/broker/uptime", "/"];
    private static readonly string[] Filters = ["a", "a/#", "+/b", "#", "$share/g/a/#", "$share/g/+", "$SYS/#", "b", "/"];

    private readonly SslStreamCertificateContext _context = SslStreamCertificateContext.Create(certificate, null, offline: true);

    /// <returns>How many packets were sent.</returns>
    public async Task<int> RunAsync(int seed, long number)
    {
        var random = new Random(HashOf(seed, number));
        var version = CodecCase.VersionOf(random);
        using var timeout = new CancellationTokenSource(TalkTimeout, TimeProvider.System);
        using var socket = await ConnectAsync(timeout.Token);
        await using var stream = await AuthenticateAsync(socket, timeout.Token);
        var reading = DrainAsync(stream, random.Next(8) == 0, timeout.Token);
        var sent = 0;
        try
        {
            if (random.Next(20) != 0)
            {
                await stream.WriteAsync(ConnectWriter.Write(Connect(random, version)), timeout.Token);
            }

            for (var packets = random.Next(1, 40); sent < packets; sent++)
            {
                var bytes = random.Next(25) == 0 ? CodecCase.Generate(seed, (number * 64) + sent).Input : Sensible(random, version);
                await stream.WriteAsync(bytes, timeout.Token);
            }

            if (random.Next(4) != 0)
            {
                // The broker reads everything before it reaches the end.
                await stream.ShutdownAsync();
                socket.Shutdown(SocketShutdown.Send);
                await reading;
            }
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // The broker closed the connection, which SslStream reports in several ways.
        }

        if (random.Next(3) == 0)
        {
            socket.LingerState = new LingerOption(true, 0);
        }

        socket.Dispose();
        await reading;
        return sent;
    }

    /// <summary>Connects, subscribes, publishes and receives what it published, as any client may expect.</summary>
    public async Task BeHonestAsync(long number)
    {
        using var timeout = new CancellationTokenSource(TalkTimeout, TimeProvider.System);
        using var socket = await ConnectAsync(timeout.Token);
        await using var stream = await AuthenticateAsync(socket, timeout.Token);
        var topic = $"honest/{number}";
        await stream.WriteAsync(
            ConnectWriter.Write(new ConnectPacket { Version = ProtocolVersion.V500, ClientId = $"honest-{number}", CleanStart = true }),
            timeout.Token);
        var request = new SubscriptionRequest(topic, QualityOfService.AtMostOnce, false, false, RetainHandling.Send);
        await stream.WriteAsync(new SubscribePacket(1, [request], PropertySet.Empty).Write(ProtocolVersion.V500), timeout.Token);
        await stream.WriteAsync(
            Publish(topic, "still there?"u8, QualityOfService.AtMostOnce, 0, retain: false, ProtocolVersion.V500),
            timeout.Token);
        var received = new byte[4096];
        for (var length = 0; received.AsSpan(0, length).IndexOf("still there?"u8) < 0;)
        {
            var read = await stream.ReadAsync(received.AsMemory(length), timeout.Token);
            length += read > 0 ? read : throw new IOException("an honest client was let down");
        }
    }

    private static ConnectPacket Connect(Random random, ProtocolVersion version) => new()
    {
        Version = version,
        ClientId = $"fuzz-{random.Next(Clients)}",
        CleanStart = random.Next(2) == 0,
        KeepAlive = (ushort)random.Next(3),
        Will = random.Next(3) == 0
            ? new WillMessage(Topics[random.Next(4)], [1, 2, 3], (QualityOfService)random.Next(3), random.Next(4) == 0, PropertySet.Empty)
            : null,
        Properties = version < ProtocolVersion.V500 ? PropertySet.Empty : new PropertySet
        {
            SessionExpiryInterval = random.Next(2) == 0 ? (uint)random.Next(60) : null,
            ReceiveMaximum = random.Next(2) == 0 ? (ushort)random.Next(1, 5) : null,
            TopicAliasMaximum = random.Next(2) == 0 ? (ushort)random.Next(5) : null,
            MaximumPacketSize = random.Next(4) == 0 ? (uint)random.Next(1, 200) : null,
        },
    };

    /// <summary>A valid packet that affects other conversations.</summary>
    private static byte[] Sensible(Random random, ProtocolVersion version)
    {
        var id = (ushort)random.Next(1, 20);
        switch (random.Next(10))
        {
            case 0 or 1:
                var filter = Filters[random.Next(Filters.Length)];
                return new SubscribePacket(
                    id,
                    [new SubscriptionRequest(filter, (QualityOfService)random.Next(3), false, false, RetainHandling.Send)],
                    PropertySet.Empty).Write(version);
            case 2:
                return new UnsubscribePacket(id, [Filters[random.Next(Filters.Length)]], PropertySet.Empty).Write(version);
            case 3:
                var ack = new AckPacket(
                    (PacketType)random.Next((int)PacketType.PubAck, (int)PacketType.PubComp + 1), id, ReasonCode.Success);
                var bytes = new byte[AckPacket.MaxSize];
                return bytes[..ack.Write(bytes, version)];
            case 4:
                return [0xC0, 0];
            default:
                var payload = new byte[random.Next(20) == 0 ? random.Next(100_000) : random.Next(100)];
                return Publish(
                    Topics[random.Next(Topics.Length)], payload, (QualityOfService)random.Next(3), id, random.Next(10) == 0, version);
        }
    }

    private static byte[] Publish(
        string topic, ReadOnlySpan<byte> payload, QualityOfService qos, ushort id, bool retain, ProtocolVersion version)
    {
        var writer = new PublishWriter { Topic = MqttText.Encode(topic), Payload = payload, QoS = qos, PacketId = id, Retain = retain };
        var packet = new byte[writer.Measure(version)];
        writer.Write(packet, version);
        return packet;
    }

    private async Task<Socket> ConnectAsync(CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, port, cancellationToken);
        return socket;
    }

    private async Task<SslStream> AuthenticateAsync(Socket socket, CancellationToken cancellationToken)
    {
        var stream = new SslStream(new NetworkStream(socket, ownsSocket: false));
        await stream.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",
                ClientCertificateContext = _context,
                RemoteCertificateValidationCallback = static (_, _, _, _) => true,
            },
            cancellationToken);
        return stream;
    }

    /// <summary>Reads what arrives, unless this client never reads.</summary>
    private static async Task DrainAsync(SslStream stream, bool lazy, CancellationToken cancellationToken)
    {
        var buffer = new byte[lazy ? 1 : 16 * 1024];
        try
        {
            while (await stream.ReadAsync(buffer, cancellationToken) > 0 && !lazy)
            {
            }
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException or SocketException)
        {
            // The connection ended.
        }
    }

    private static int HashOf(int seed, long number) => unchecked((seed * 486_187_739) ^ (int)(number * 16_777_619));
}
