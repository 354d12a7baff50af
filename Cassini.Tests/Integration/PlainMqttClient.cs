using System.Net.Security;
using System.Text;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Mqtt.Properties;
using Cassini.Streams.Probing;
using Cassini.Tests.Support;

namespace Cassini.Tests.Integration;

/// <summary>A message that a <see cref="PlainMqttClient"/> received.</summary>
internal sealed record Received(string Topic, string Text, QualityOfService QoS, bool Retain);

/// <summary>An MQTT 5.0 client of few words, over a stream that is open.</summary>
internal sealed class PlainMqttClient(SslStream stream) : IAsyncDisposable
{
    private const ProtocolVersion Version = ProtocolVersion.V500;
    private readonly CanaryReader _reader = new(stream, Version);
    private readonly Queue<byte[]> _messages = new();
    private ushort _lastId;

    public static async Task<PlainMqttClient> ConnectAsync(
        RunningBroker broker, string clientId, string identity = "alice", uint? expiry = null)
    {
        var client = new PlainMqttClient(await broker.ConnectAsync(identity));
        await client.SendAsync(ConnectWriter.Write(new ConnectPacket
        {
            Version = Version,
            ClientId = clientId,
            CleanStart = expiry is null,
            Properties = new PropertySet { SessionExpiryInterval = expiry },
        }));
        var packet = await client.NextAsync("CONNACK");
        ConnAckPacket.TryRead(CanaryReader.FrameOf(packet, Version), Version, out var ack, out _).ShouldBeTrue();
        ack!.Reason.ShouldBe(ReasonCode.Success);
        await broker.FoldedAsync(); // The session's event was published before CONNACK was sent; it may not be folded yet.
        return client;
    }

    /// <returns>The answer for the one filter.</returns>
    public async Task<ReasonCode> SubscribeAsync(string filter)
    {
        var request = new SubscriptionRequest(filter, QualityOfService.AtLeastOnce, false, false, RetainHandling.Send);
        await SendAsync(new SubscribePacket(++_lastId, [request], PropertySet.Empty).Write(Version));
        var packet = await NextAsync("SUBACK");
        SubAckPacket.TryRead(CanaryReader.FrameOf(packet, Version), Version, out var ack, out _).ShouldBeTrue();
        return ack!.Reasons.ShouldHaveSingleItem();
    }

    /// <returns>The answer of the acknowledgement.</returns>
    public async Task<ReasonCode> PublishAsync(string topic)
    {
        await SendAsync(Publish(topic, ++_lastId));
        var packet = await NextAsync("PUBACK");
        while ((PacketType)(packet[0] >> 4) == PacketType.Publish)
        {
            _messages.Enqueue(packet);
            packet = await NextAsync("PUBACK");
        }

        AckPacket.TryRead(CanaryReader.FrameOf(packet, Version), Version, out var ack, out _).ShouldBeTrue();
        return ack.Reason;
    }

    /// <summary>The next message; null when the broker says goodbye instead.</summary>
    public async Task<Received?> ReceiveAsync(string step)
    {
        var packet = _messages.TryDequeue(out var waiting) ? waiting : await NextAsync(step);
        if ((PacketType)(packet[0] >> 4) == PacketType.Disconnect)
        {
            return null;
        }

        var (message, id) = Read(packet);
        if (message.QoS == QualityOfService.AtLeastOnce)
        {
            var ack = new byte[AckPacket.MaxSize];
            try
            {
                await SendAsync(ack[..new AckPacket(PacketType.PubAck, id, ReasonCode.Success).Write(ack, Version)]);
            }
            catch (IOException)
            {
                // It has said goodbye and gone, and that is still to be read.
            }
        }

        return message;
    }

    /// <summary>The broker says goodbye.</summary>
    public async Task<ReasonCode> ExpectDisconnectAsync()
    {
        var packet = await NextAsync("DISCONNECT");
        ReasonPacket.TryRead(CanaryReader.FrameOf(packet, Version), Version, fromClient: false, out var goodbye, out _).ShouldBeTrue();
        return goodbye!.Reason;
    }

    /// <summary>Says goodbye.</summary>
    public Task DisconnectAsync() =>
        SendAsync(new ReasonPacket(PacketType.Disconnect, ReasonCode.Success, PropertySet.Empty).Write(Version));

    public ValueTask DisposeAsync() => stream.DisposeAsync();

    private static (Received Message, ushort Id) Read(byte[] packet)
    {
        PublishPacket.TryRead(CanaryReader.FrameOf(packet, Version), Version, fromClient: false, out var message, out _).ShouldBeTrue();
        var received = new Received(
            Encoding.UTF8.GetString(message.Topic), Encoding.UTF8.GetString(message.Payload), message.QoS, message.Retain);
        return (received, message.PacketId);
    }

    private static byte[] Publish(string topic, ushort id)
    {
        var writer =
            new PublishWriter { Topic = Encoding.UTF8.GetBytes(topic), Payload = "x"u8, QoS = QualityOfService.AtLeastOnce, PacketId = id };
        var packet = new byte[writer.Measure(Version)];
        writer.Write(packet, Version);
        return packet;
    }

    private Task<byte[]> NextAsync(string step) =>
        Eventually.CompletesAsync(step, _reader.ReadAsync(TestContext.Current.CancellationToken));

    private async Task SendAsync(byte[] packet) => await stream.WriteAsync(packet, TestContext.Current.CancellationToken);
}
