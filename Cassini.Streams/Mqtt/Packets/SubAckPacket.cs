using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Cassini.Streams.Mqtt.Properties;

namespace Cassini.Streams.Mqtt.Packets;

/// <summary>SUBACK (MQTT 5.0 §3.9) and UNSUBACK (§3.11): one reason for each filter, in the order of the request.</summary>
internal sealed record SubAckPacket(PacketType Type, ushort PacketId, ImmutableArray<ReasonCode> Reasons, PropertySet Properties)
{
    /// <summary>How long the packet is without properties, in bytes.</summary>
    public static int SizeOf(PacketType type, int filters, ProtocolVersion version)
    {
        var body = sizeof(ushort) + (version == ProtocolVersion.V500 ? 1 : 0)
            + (version == ProtocolVersion.V500 || type == PacketType.SubAck ? filters : 0);
        return 1 + VariableByteInteger.SizeOf(body) + body;
    }

    public byte[] Write(ProtocolVersion version)
    {
        var to = new PacketWriter();
        to.WriteUInt16(PacketId);
        PropertyWriter.Write(to, Properties, version);
        if (version == ProtocolVersion.V500)
        {
            to.WriteBytes(Reasons.Select(reason => (byte)reason).ToArray());
        }
        else if (Type == PacketType.SubAck)
        {
            // 3.1.1 has only one failure code [MQTT-3.9.3-2], and its UNSUBACK has no payload.
            to.WriteBytes(Reasons
                .Select(reason => (byte)(reason < ReasonCode.UnspecifiedError ? reason : ReasonCode.UnspecifiedError))
                .ToArray());
        }

        return to.ToPacket(Type);
    }

    public static bool TryRead(
        Frame frame, ProtocolVersion version, [NotNullWhen(true)] out SubAckPacket? packet, out ProtocolViolation violation)
    {
        var reader = new PacketReader(frame.Body, version);
        var id = reader.ReadPacketId(version < ProtocolVersion.V500 ? "MQTT-2.3.1-7" : "MQTT-2.2.1-6");
        var properties = PropertyReader.Read(ref reader, PropertyOwner.SubscriptionAcknowledgement);
        if (version < ProtocolVersion.V500 && frame.Type == PacketType.UnsubAck)
        {
            // 3.1.1 §3.11.3: no payload.
            reader.ExpectEnd(frame.Type);
        }

        ImmutableArray<ReasonCode> reasons = [.. reader.TakeRest().ToArray().Select(value => (ReasonCode)value)];
        violation = reader.Violation ?? default;
        packet = reader.Failed ? null : new SubAckPacket(frame.Type, id, reasons, properties);
        return packet is not null;
    }
}
