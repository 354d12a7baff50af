using System.Collections.Immutable;

namespace Cassini.Streams.Mqtt.Properties;

/// <summary>Writes the properties of a packet (MQTT 5.0 §2.2.2).</summary>
internal static class PropertyWriter
{
    /// <summary>Writes property length and properties. Writes nothing in MQTT 3.1.1, because it has no properties.</summary>
    public static void Write(PacketWriter to, PropertySet properties, ProtocolVersion version)
    {
        if (version < ProtocolVersion.V500)
        {
            return;
        }

        if (ReferenceEquals(properties, PropertySet.Empty))
        {
            to.WriteVariableByteInteger(0);
            return;
        }

        var body = new PacketWriter();
        WriteAll(body, properties);
        to.WriteVariableByteInteger(body.Length);
        to.WriteBytes(body);
    }

    private static void WriteAll(PacketWriter to, PropertySet properties)
    {
        Byte(to, PropertyId.PayloadFormatIndicator, properties.PayloadFormatIndicator);
        UInt32(to, PropertyId.MessageExpiryInterval, properties.MessageExpiryInterval);
        Text(to, PropertyId.ContentType, properties.ContentType);
        Text(to, PropertyId.ResponseTopic, properties.ResponseTopic);
        Binary(to, PropertyId.CorrelationData, properties.CorrelationData);
        foreach (var identifier in properties.SubscriptionIdentifiers)
        {
            Id(to, PropertyId.SubscriptionIdentifier);
            to.WriteVariableByteInteger(identifier);
        }

        UInt32(to, PropertyId.SessionExpiryInterval, properties.SessionExpiryInterval);
        Text(to, PropertyId.AssignedClientIdentifier, properties.AssignedClientIdentifier);
        UInt16(to, PropertyId.ServerKeepAlive, properties.ServerKeepAlive);
        Text(to, PropertyId.AuthenticationMethod, properties.AuthenticationMethod);
        Binary(to, PropertyId.AuthenticationData, properties.AuthenticationData);
        Bit(to, PropertyId.RequestProblemInformation, properties.RequestProblemInformation);
        UInt32(to, PropertyId.WillDelayInterval, properties.WillDelayInterval);
        Bit(to, PropertyId.RequestResponseInformation, properties.RequestResponseInformation);
        Text(to, PropertyId.ResponseInformation, properties.ResponseInformation);
        Text(to, PropertyId.ServerReference, properties.ServerReference);
        Text(to, PropertyId.ReasonString, properties.ReasonString);
        UInt16(to, PropertyId.ReceiveMaximum, properties.ReceiveMaximum);
        UInt16(to, PropertyId.TopicAliasMaximum, properties.TopicAliasMaximum);
        UInt16(to, PropertyId.TopicAlias, properties.TopicAlias);
        Byte(to, PropertyId.MaximumQoS, properties.MaximumQoS);
        Bit(to, PropertyId.RetainAvailable, properties.RetainAvailable);
        foreach (var (name, value) in properties.UserProperties)
        {
            Id(to, PropertyId.UserProperty);
            to.WriteString(name);
            to.WriteString(value);
        }

        UInt32(to, PropertyId.MaximumPacketSize, properties.MaximumPacketSize);
        Bit(to, PropertyId.WildcardSubscriptionAvailable, properties.WildcardSubscriptionAvailable);
        Bit(to, PropertyId.SubscriptionIdentifierAvailable, properties.SubscriptionIdentifierAvailable);
        Bit(to, PropertyId.SharedSubscriptionAvailable, properties.SharedSubscriptionAvailable);
    }

    private static void Id(PacketWriter to, PropertyId id) => to.WriteByte((byte)id);

    private static void Bit(PacketWriter to, PropertyId id, bool? value) => Byte(to, id, value is { } bit ? (byte)(bit ? 1 : 0) : null);

    private static void Byte(PacketWriter to, PropertyId id, byte? value)
    {
        if (value is { } present)
        {
            Id(to, id);
            to.WriteByte(present);
        }
    }

    private static void UInt16(PacketWriter to, PropertyId id, ushort? value)
    {
        if (value is { } present)
        {
            Id(to, id);
            to.WriteUInt16(present);
        }
    }

    private static void UInt32(PacketWriter to, PropertyId id, uint? value)
    {
        if (value is { } present)
        {
            Id(to, id);
            to.WriteUInt32(present);
        }
    }

    private static void Text(PacketWriter to, PropertyId id, string? value)
    {
        if (value is not null)
        {
            Id(to, id);
            to.WriteString(value);
        }
    }

    private static void Binary(PacketWriter to, PropertyId id, ImmutableArray<byte>? value)
    {
        if (value is { } present)
        {
            Id(to, id);
            to.WriteBinary(present.AsSpan());
        }
    }
}
