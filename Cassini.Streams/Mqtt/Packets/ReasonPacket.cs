using System.Diagnostics.CodeAnalysis;
using Cassini.Streams.Mqtt.Properties;

namespace Cassini.Streams.Mqtt.Packets;

/// <summary>
/// DISCONNECT (MQTT 5.0 §3.14) and AUTH (§3.15): a reason and properties, which are left out when they have their default values.
/// </summary>
internal sealed record ReasonPacket(PacketType Type, ReasonCode Reason, PropertySet Properties)
{
    public byte[] Write(ProtocolVersion version)
    {
        var to = new PacketWriter();
        if (version == ProtocolVersion.V500 && (Reason != ReasonCode.Success || !ReferenceEquals(Properties, PropertySet.Empty)))
        {
            to.WriteByte((byte)Reason);
            if (!ReferenceEquals(Properties, PropertySet.Empty))
            {
                PropertyWriter.Write(to, Properties, version);
            }
        }

        return to.ToPacket(Type);
    }

    /// <summary>Reads a packet that a client sent.</summary>
    public static bool TryRead(
        Frame frame, ProtocolVersion version, [NotNullWhen(true)] out ReasonPacket? packet, out ProtocolViolation violation) =>
        TryRead(frame, version, fromClient: true, out packet, out violation);

    /// <summary>Reads the packet.</summary>
    /// <param name="frame">A frame of type DISCONNECT or AUTH.</param>
    /// <param name="version">The protocol version of the connection.</param>
    /// <param name="fromClient">Whether a client sent it, because each side may send different reasons and properties.</param>
    /// <param name="packet">The packet that was read.</param>
    /// <param name="violation">What was wrong.</param>
    public static bool TryRead(
        Frame frame,
        ProtocolVersion version,
        bool fromClient,
        [NotNullWhen(true)] out ReasonPacket? packet,
        out ProtocolViolation violation)
    {
        var reader = new PacketReader(frame.Body, version);
        var reason = ReasonCode.Success;
        var properties = PropertySet.Empty;
        if (version == ProtocolVersion.V500 && !reader.IsAtEnd)
        {
            reason = (ReasonCode)reader.ReadByte("the reason code");
            if (!reader.IsAtEnd)
            {
                properties = PropertyReader.Read(ref reader, frame.Type == PacketType.Auth ? PropertyOwner.Auth : PropertyOwner.Disconnect);
            }
        }

        reader.ExpectEnd(frame.Type);
        if (version == ProtocolVersion.V500 && !reader.Failed
            && ReasonRules.Check(frame.Type, reason, properties, fromClient, isEmpty: frame.Body.IsEmpty) is { } wrong)
        {
            reader.Fail(wrong);
        }

        violation = reader.Violation ?? default;
        packet = reader.Failed ? null : new ReasonPacket(frame.Type, reason, properties);
        return packet is not null;
    }
}
