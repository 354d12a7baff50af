using System.Security.Cryptography;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Mqtt.Properties;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Probing;

/// <summary>
/// The canary as an MQTT client: connects, subscribes to its own topic, publishes there and receives its own message. One stage after
/// another; each returns why it failed, or null. Exceptions of the transport are not caught.
/// </summary>
internal sealed class MqttCanary(Stream stream)
{
    private const string ClientId = "$canary";
    private const ushort SubscribeId = 1;
    private const ushort PublishId = 2;
    private const ProtocolVersion Version = ProtocolVersion.V500;

    private readonly byte[] _topic = MqttText.Encode($"$canary/{RandomNumberGenerator.GetHexString(16, lowercase: true)}");
    private readonly byte[] _payload = RandomNumberGenerator.GetBytes(32);
    private readonly CanaryReader _reader = new(stream, Version);

    public async Task<StageFailure?> ConnectAsync(CancellationToken cancellationToken)
    {
        var connect = new ConnectPacket { Version = Version, ClientId = ClientId, CleanStart = true };
        await SendAsync(ConnectWriter.Write(connect), cancellationToken);
        return JudgeConnAck(await _reader.ReadAsync(cancellationToken));
    }

    public async Task<StageFailure?> SubscribeAsync(CancellationToken cancellationToken)
    {
        var request = new SubscriptionRequest(
            MqttText.Decode(_topic), QualityOfService.AtLeastOnce, false, false, RetainHandling.DoNotSend);
        await SendAsync(new SubscribePacket(SubscribeId, [request], PropertySet.Empty).Write(Version), cancellationToken);
        return JudgeSubAck(await _reader.ReadAsync(cancellationToken));
    }

    public async Task<StageFailure?> DeliverAsync(CancellationToken cancellationToken)
    {
        await SendAsync(Publish(), cancellationToken);
        var isBack = false;
        var isAcknowledged = false;
        while (!isBack || !isAcknowledged || _reader.HasMore)
        {
            var packet = await _reader.ReadAsync(cancellationToken);
            var failure = TypeOf(packet) switch
            {
                PacketType.Publish when isBack => new StageFailure(CanaryFailure.WrongMessage, "its message arrived twice"),
                PacketType.Publish => JudgeMessage(packet),
                PacketType.PubAck when !isAcknowledged => JudgePubAck(packet),
                _ => Unexpected(packet, PacketType.Publish),
            };
            if (failure is not null)
            {
                return failure;
            }

            isBack |= TypeOf(packet) == PacketType.Publish;
            isAcknowledged |= TypeOf(packet) == PacketType.PubAck;
        }

        return null;
    }

    /// <summary>Sends DISCONNECT, so that the broker does not report a lost connection.</summary>
    public Task LeaveAsync(CancellationToken cancellationToken) =>
        SendAsync(new ReasonPacket(PacketType.Disconnect, ReasonCode.Success, PropertySet.Empty).Write(Version), cancellationToken);

    private async Task SendAsync(byte[] packet, CancellationToken cancellationToken)
    {
        await stream.WriteAsync(packet, cancellationToken);
        await stream.FlushAsync(cancellationToken);
    }

    private byte[] Publish()
    {
        var writer = new PublishWriter { Topic = _topic, Payload = _payload, QoS = QualityOfService.AtLeastOnce, PacketId = PublishId };
        var packet = new byte[writer.Measure(Version)];
        writer.Write(packet, Version);
        return packet;
    }

    private static StageFailure? JudgeConnAck(byte[] packet) =>
        TypeOf(packet) != PacketType.ConnAck ? Unexpected(packet, PacketType.ConnAck)
        : !ConnAckPacket.TryRead(CanaryReader.FrameOf(packet, Version), Version, out var ack, out var violation) ? Malformed(violation)
        : ack.Reason != ReasonCode.Success ? Refused(ack.Reason, ack.Properties)
        : null;

    private static StageFailure? JudgeSubAck(byte[] packet) =>
        TypeOf(packet) != PacketType.SubAck ? Unexpected(packet, PacketType.SubAck)
        : !SubAckPacket.TryRead(CanaryReader.FrameOf(packet, Version), Version, out var ack, out var violation) ? Malformed(violation)
        : ack.PacketId != SubscribeId || ack.Reasons.Length != 1
            ? new StageFailure(CanaryFailure.WrongAnswer, "SUBACK answers another SUBSCRIBE")
        : ack.Reasons[0] >= ReasonCode.UnspecifiedError ? Refused(ack.Reasons[0], ack.Properties)
        : ack.Reasons[0] != ReasonCode.GrantedQoS1
            ? new StageFailure(CanaryFailure.WrongAnswer, $"SUBACK grants QoS {(int)ack.Reasons[0]} instead of 1")
        : null;

    private static StageFailure? JudgePubAck(byte[] packet) =>
        !AckPacket.TryRead(CanaryReader.FrameOf(packet, Version), Version, out var ack, out var violation) ? Malformed(violation)
        : ack.PacketId != PublishId ? new StageFailure(CanaryFailure.WrongAnswer, "PUBACK answers another PUBLISH")
        : ack.Reason != ReasonCode.Success ? Refused(ack.Reason, PropertySet.Empty)
        : null;

    private StageFailure? JudgeMessage(byte[] packet) =>
        !PublishPacket.TryRead(CanaryReader.FrameOf(packet, Version), Version, fromClient: false, out var message, out var violation)
            ? Malformed(violation)
        : !message.Topic.SequenceEqual(_topic)
            ? Changed($"a message of another topic arrived; the name of that topic has {Quantity.Of(message.Topic.Length, "byte")}")
        : !message.Payload.SequenceEqual(_payload)
            ? Changed($"its message arrived changed: {Quantity.Of(message.Payload.Length, "byte")} instead of {_payload.Length}")
        : message.QoS != QualityOfService.AtLeastOnce ? Changed($"its message arrived with QoS {(int)message.QoS}")
        : null;

    private static StageFailure Unexpected(byte[] packet, PacketType expected) =>
        TypeOf(packet) == PacketType.Disconnect
        && ReasonPacket.TryRead(CanaryReader.FrameOf(packet, Version), Version, fromClient: false, out var goodbye, out _)
            ? Refused(goodbye.Reason, goodbye.Properties)
            : new StageFailure(CanaryFailure.WrongAnswer, $"{TypeOf(packet)} arrived instead of {expected}");

    private static StageFailure Refused(ReasonCode reason, PropertySet properties) =>
        new(CanaryFailure.Refused, properties.ReasonString is { } why ? $"{reason}: {why}" : $"{reason}");

    private static StageFailure Changed(string detail) => new(CanaryFailure.WrongMessage, detail);

    private static StageFailure Malformed(ProtocolViolation violation) => new(CanaryFailure.WrongAnswer, violation.Message);

    private static PacketType TypeOf(byte[] packet) => (PacketType)(packet[0] >> 4);
}

/// <summary>Why a stage failed.</summary>
internal sealed record StageFailure(CanaryFailure Reason, string Detail);
