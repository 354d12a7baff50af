using Cassini.Streams.Listening.Connections;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Mqtt.Properties;
using Cassini.Streams.Probing;

namespace Cassini.Tests.Probing;

/// <summary>What a <see cref="ScriptedBroker"/> does wrong.</summary>
internal enum Fault
{
    None,
    ConnectRefused,
    Silent,
    Garbage,
    Closed,
    SubscribeRefused,
    SubscribeForgotten,
    GrantedLess,
    Disconnected,
    MessageLost,
    AcknowledgementLost,
    PublishRefused,
    OtherPayload,
    OtherTopic,
    Twice,
}

/// <summary>Answers the canary as a broker would, but for one fault.</summary>
internal sealed class ScriptedBroker(Fault fault = Fault.None) : IConnectionHandler
{
    private const ProtocolVersion Version = ProtocolVersion.V500;

    public async Task HandleAsync(Connection connection, CancellationToken cancellationToken)
    {
        var reader = new CanaryReader(connection.Stream, Version);
        while (true)
        {
            byte[] packet;
            try
            {
                packet = await reader.ReadAsync(cancellationToken);
            }
            catch (IOException)
            {
                return;
            }

            if ((PacketType)(packet[0] >> 4) == PacketType.Disconnect || (fault == Fault.Closed && IsConnect(packet)))
            {
                return;
            }

            foreach (var answer in AnswersTo(packet))
            {
                await connection.Stream.WriteAsync(answer, cancellationToken);
            }
        }
    }

    private IEnumerable<byte[]> AnswersTo(byte[] packet) => (PacketType)(packet[0] >> 4) switch
    {
        PacketType.Connect => ToConnect(),
        PacketType.Subscribe => ToSubscribe(),
        PacketType.Publish => ToPublish(packet),
        _ => [],
    };

    private static bool IsConnect(byte[] packet) => (PacketType)(packet[0] >> 4) == PacketType.Connect;

    private IEnumerable<byte[]> ToConnect() => fault switch
    {
        Fault.ConnectRefused =>
            [new ConnAckPacket(ReasonCode.ServerBusy, false, new PropertySet { ReasonString = "come back later" }).Write(Version)],
        Fault.Silent => [],
        Fault.Garbage => ["HTTP/1.1 400 Bad Request\r\n\r\n"u8.ToArray()],
        _ => [new ConnAckPacket(ReasonCode.Success, false, PropertySet.Empty).Write(Version)],
    };

    private IEnumerable<byte[]> ToSubscribe() => fault switch
    {
        Fault.SubscribeForgotten => [],
        Fault.Disconnected => [new ReasonPacket(PacketType.Disconnect, ReasonCode.ServerShuttingDown, PropertySet.Empty).Write(Version)],
        _ =>
        [
            new SubAckPacket(
                PacketType.SubAck,
                1,
                [
                    fault == Fault.SubscribeRefused ? ReasonCode.NotAuthorized
                    : fault == Fault.GrantedLess ? ReasonCode.Success
                    : ReasonCode.GrantedQoS1,
                ],
                PropertySet.Empty).Write(Version),
        ],
    };

    private List<byte[]> ToPublish(byte[] packet)
    {
        PublishPacket.TryRead(CanaryReader.FrameOf(packet, Version), Version, fromClient: true, out var publish, out _).ShouldBeTrue();
        var answers = new List<byte[]>();
        for (var copy = 0; copy < (fault == Fault.MessageLost ? 0 : fault == Fault.Twice ? 2 : 1); copy++)
        {
            answers.Add(Message(
                fault == Fault.OtherTopic ? "$canary/other"u8 : publish.Topic, fault == Fault.OtherPayload ? "other"u8 : publish.Payload));
        }

        if (fault != Fault.AcknowledgementLost)
        {
            var ack = new byte[AckPacket.MaxSize];
            var reason = fault == Fault.PublishRefused ? ReasonCode.QuotaExceeded : ReasonCode.Success;
            answers.Add(ack[..new AckPacket(PacketType.PubAck, publish.PacketId, reason).Write(ack, Version)]);
        }

        return answers;
    }

    private static byte[] Message(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload)
    {
        var writer = new PublishWriter { Topic = topic, Payload = payload, QoS = QualityOfService.AtLeastOnce, PacketId = 7 };
        var packet = new byte[writer.Measure(Version)];
        writer.Write(packet, Version);
        return packet;
    }
}
