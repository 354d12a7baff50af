using System.Buffers.Binary;
using Cassini.Streams.Mqtt.Properties;

namespace Cassini.Streams.Mqtt.Packets;

/// <summary>PUBACK, PUBREC, PUBREL and PUBCOMP (MQTT 5.0 §3.4 to §3.7). Allocates only for properties.</summary>
internal readonly record struct AckPacket(PacketType Type, ushort PacketId, ReasonCode Reason)
{
    /// <summary>The greatest length that <see cref="Write(Span{byte}, ProtocolVersion)"/> writes, in bytes.</summary>
    public const int MaxSize = 5;

    /// <summary>Writes the packet without properties. The reason is left out for success (§3.4.2.1) and in MQTT 3.1.1.</summary>
    /// <returns>How many bytes were written.</returns>
    public int Write(Span<byte> to, ProtocolVersion version)
    {
        var withReason = version == ProtocolVersion.V500 && Reason != ReasonCode.Success;
        to[0] = (byte)(((int)Type << 4) | (Type == PacketType.PubRel ? 2 : 0));
        to[1] = withReason ? (byte)3 : (byte)2;
        BinaryPrimitives.WriteUInt16BigEndian(to[2..], PacketId);
        if (!withReason)
        {
            return 4;
        }

        to[4] = (byte)Reason;
        return 5;
    }

    /// <summary>Writes the packet with properties (MQTT 5.0).</summary>
    public byte[] Write(PropertySet properties)
    {
        var to = new PacketWriter();
        to.WriteUInt16(PacketId);
        to.WriteByte((byte)Reason);
        PropertyWriter.Write(to, properties, ProtocolVersion.V500);
        return to.ToPacket(Type, Type == PacketType.PubRel ? (byte)2 : (byte)0);
    }

    public static bool TryRead(Frame frame, ProtocolVersion version, out AckPacket packet, out ProtocolViolation violation)
    {
        var reader = new PacketReader(frame.Body, version);
        var id = reader.ReadPacketId(PacketIdClause(frame.Type, version));
        var reason = ReasonCode.Success;
        if (version == ProtocolVersion.V500 && !reader.IsAtEnd)
        {
            reason = (ReasonCode)reader.ReadByte("the reason code");
            if (!IsAllowed(frame.Type, reason))
            {
                reader.Fail(
                    ProtocolViolation.Malformed(Clause(frame.Type), $"reason code 0x{(byte)reason:X2} does not belong into {frame.Type}"));
            }

            if (!reader.IsAtEnd)
            {
                PropertyReader.Read(ref reader, PropertyOwner.Acknowledgement);
            }
        }

        reader.ExpectEnd(frame.Type);
        packet = new AckPacket(frame.Type, id, reason);
        violation = reader.Violation ?? default;
        return !reader.Failed;
    }

    private static bool IsAllowed(PacketType type, ReasonCode reason) => type switch
    {
        PacketType.PubRel or PacketType.PubComp => reason is ReasonCode.Success or ReasonCode.PacketIdentifierNotFound,
        _ => reason is ReasonCode.Success or ReasonCode.NoMatchingSubscribers or ReasonCode.UnspecifiedError
            or ReasonCode.ImplementationSpecificError or ReasonCode.NotAuthorized or ReasonCode.TopicNameInvalid
            or ReasonCode.PacketIdentifierInUse or ReasonCode.QuotaExceeded or ReasonCode.PayloadFormatInvalid,
    };

    /// <summary>
    /// The clause that forbids identifier 0, because the acknowledged packet had another. In 3.1.1 it does not mention PUBCOMP.
    /// </summary>
    private static string PacketIdClause(PacketType type, ProtocolVersion version) =>
        version == ProtocolVersion.V500 ? "MQTT-2.2.1-5"
        : type == PacketType.PubComp ? "§2.3.1"
        : "MQTT-2.3.1-6";

    private static string Clause(PacketType type) => type switch
    {
        PacketType.PubAck => "MQTT-3.4.2-1",
        PacketType.PubRec => "MQTT-3.5.2-1",
        PacketType.PubRel => "MQTT-3.6.2-1",
        _ => "MQTT-3.7.2-1",
    };
}
