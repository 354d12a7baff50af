using System.Diagnostics.CodeAnalysis;
using Cassini.Streams.Mqtt.Properties;

namespace Cassini.Streams.Mqtt.Packets;

/// <summary>CONNACK (MQTT 5.0 §3.2).</summary>
internal sealed record ConnAckPacket(ReasonCode Reason, bool SessionPresent, PropertySet Properties)
{
    public byte[] Write(ProtocolVersion version)
    {
        var to = new PacketWriter();
        // MQTT 3.1 §3.2: the byte is reserved.
        to.WriteByte(SessionPresent && version != ProtocolVersion.V310 ? (byte)1 : (byte)0);
        to.WriteByte(version < ProtocolVersion.V500 ? ReturnCode(Reason) : (byte)Reason);
        PropertyWriter.Write(to, Properties, version);
        return to.ToPacket(PacketType.ConnAck);
    }

    public static bool TryRead(
        Frame frame, ProtocolVersion version, [NotNullWhen(true)] out ConnAckPacket? packet, out ProtocolViolation violation)
    {
        var reader = new PacketReader(frame.Body, version);
        var flags = reader.ReadByte("the acknowledge flags");
        var reason = (ReasonCode)reader.ReadByte("the reason code");
        if (flags > 1)
        {
            reader.Fail(ProtocolViolation.Malformed(
                version < ProtocolVersion.V500 ? "§3.2.2.1" : "MQTT-3.2.2-1", "reserved acknowledge flags are set"));
        }

        var properties = PropertyReader.Read(ref reader, PropertyOwner.ConnAck);
        reader.ExpectEnd("CONNACK");
        violation = reader.Violation ?? default;
        packet = reader.Failed ? null : new ConnAckPacket(reason, flags == 1, properties);
        return packet is not null;
    }

    /// <summary>The return code of MQTT 3.1.1 (§3.2.2.3) and 3.1 (§3.2) for a reason.</summary>
    public static byte ReturnCode(ReasonCode reason) => reason switch
    {
        ReasonCode.Success => 0,
        ReasonCode.UnsupportedProtocolVersion => 1,
        ReasonCode.ClientIdentifierNotValid => 2,
        ReasonCode.BadUserNameOrPassword => 4,
        ReasonCode.NotAuthorized or ReasonCode.Banned or ReasonCode.BadAuthenticationMethod => 5,
        _ => 3,
    };
}
