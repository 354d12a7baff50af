using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Cassini.Streams.Mqtt.Properties;

namespace Cassini.Streams.Mqtt.Packets;

/// <summary>UNSUBSCRIBE (MQTT 5.0 §3.10).</summary>
internal sealed record UnsubscribePacket(ushort PacketId, ImmutableArray<string> Filters, PropertySet Properties)
{
    public byte[] Write(ProtocolVersion version)
    {
        var to = new PacketWriter();
        to.WriteUInt16(PacketId);
        PropertyWriter.Write(to, Properties, version);
        foreach (var filter in Filters)
        {
            to.WriteString(filter);
        }

        return to.ToPacket(PacketType.Unsubscribe, 2);
    }

    /// <param name="frame">The packet.</param>
    /// <param name="version">The peer's.</param>
    /// <param name="most">The most filters that are read: more end the connection before any is decoded.</param>
    /// <param name="packet">What it says; null when it must end the connection.</param>
    /// <param name="violation">Why it must.</param>
    public static bool TryRead(
        Frame frame, ProtocolVersion version, int most, [NotNullWhen(true)] out UnsubscribePacket? packet, out ProtocolViolation violation)
    {
        var reader = new PacketReader(frame.Body, version);
        var id = reader.ReadPacketId();
        var properties = PropertyReader.Read(ref reader, PropertyOwner.Unsubscribe);
        var filters = ImmutableArray.CreateBuilder<string>();
        if (reader.IsAtEnd)
        {
            reader.Fail(ProtocolViolation.Error("MQTT-3.10.3-2", "UNSUBSCRIBE without a topic filter"));
        }

        reader.ExpectFilters(PacketType.Unsubscribe, most, optionsSize: 0);
        while (!reader.IsAtEnd)
        {
            filters.Add(reader.ReadFilter());
        }

        violation = reader.Violation ?? default;
        packet = reader.Failed ? null : new UnsubscribePacket(id, filters.DrainToImmutable(), properties);
        return packet is not null;
    }
}
