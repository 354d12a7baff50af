using Cassini.Streams.Mqtt.Properties;

namespace Cassini.Streams.Mqtt.Packets;

/// <summary>Writes CONNECT (MQTT 5.0 §3.1).</summary>
internal static class ConnectWriter
{
    public static byte[] Write(ConnectPacket packet)
    {
        var to = new PacketWriter();
        to.WriteBinary(packet.Version.NameInConnect());
        to.WriteByte((byte)((int)packet.Version | (packet.IsBridge ? 0x80 : 0)));
        to.WriteByte(Flags(packet));
        to.WriteUInt16(packet.KeepAlive);
        PropertyWriter.Write(to, packet.Properties, packet.Version);
        to.WriteString(packet.ClientId);
        if (packet.Will is { } will)
        {
            PropertyWriter.Write(to, will.Properties, packet.Version);
            to.WriteString(will.Topic);
            to.WriteBinary(will.Payload.AsSpan());
        }

        if (packet.UserName is { } userName)
        {
            to.WriteString(userName);
        }

        if (packet.Password is { } password)
        {
            to.WriteBinary(password.AsSpan());
        }

        return to.ToPacket(PacketType.Connect);
    }

    private static byte Flags(ConnectPacket packet) => (byte)(
        (packet.CleanStart ? 0x02 : 0)
        | (packet.Will is { } will ? 0x04 | ((int)will.QoS << 3) | (will.Retain ? 0x20 : 0) : 0)
        | (packet.Password is null ? 0 : 0x40)
        | (packet.UserName is null ? 0 : 0x80));
}
