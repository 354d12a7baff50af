using Cassini.Streams.Broker.Model;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;

namespace Cassini.Streams.Broker.Delivery;

/// <summary>Which acknowledgement may follow which packet (MQTT 5.0 and 3.1.1, §4.3.2 and §4.3.3).</summary>
internal static class AcknowledgementRules
{
    /// <param name="ack">PUBACK, PUBREC or PUBCOMP.</param>
    /// <param name="state">How far the delivery under its packet identifier has come.</param>
    public static AcknowledgementMeaning MeaningOf(AckPacket ack, DeliveryState state)
    {
        var isError = ack.Reason >= ReasonCode.UnspecifiedError;
        return (ack.Type, state) switch
        {
            (PacketType.PubAck, DeliveryState.AwaitingPubAck) => AcknowledgementMeaning.Complete,
            (PacketType.PubComp, DeliveryState.AwaitingPubComp) => AcknowledgementMeaning.Complete,

            // A PUBREC that rejects the message is not answered with PUBREL (§4.3.3).
            (PacketType.PubRec, DeliveryState.AwaitingPubRec) when isError => AcknowledgementMeaning.Complete,
            (PacketType.PubRec, DeliveryState.AwaitingPubRec) => AcknowledgementMeaning.Received,
            (PacketType.PubRec, DeliveryState.AwaitingPubComp) when !isError => AcknowledgementMeaning.ReceivedBefore,
            (PacketType.PubRec, DeliveryState.Done) when !isError => AcknowledgementMeaning.ReceivedUnknown,
            (_, DeliveryState.Done) => AcknowledgementMeaning.Unknown,
            _ => AcknowledgementMeaning.Contradiction,
        };
    }

    public static ProtocolViolation Contradiction(AckPacket ack, DeliveryState state)
    {
        var (sent, clause) = state switch
        {
            DeliveryState.AwaitingPubAck => ("a QoS 1 message", "§4.3.2"),
            DeliveryState.AwaitingPubRec => ("a QoS 2 message before its PUBREC", "§4.3.3"),
            _ => ("a QoS 2 message that is released", "§4.3.3"),
        };
        return ProtocolViolation.Error(clause, $"{ack.Type} 0x{(byte)ack.Reason:X2} for packet identifier {ack.PacketId}, {sent}");
    }
}
