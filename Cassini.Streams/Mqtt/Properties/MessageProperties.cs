namespace Cassini.Streams.Mqtt.Properties;

/// <summary>The properties that travel with a message, as bytes: what publishers set and subscribers get unchanged.</summary>
internal static class MessageProperties
{
    /// <summary>Encodes them without their length; expiry, alias and subscription identifiers belong to a hop and are left out.</summary>
    public static byte[] Encode(PropertySet properties)
    {
        var travelling = properties with
        {
            MessageExpiryInterval = null,
            TopicAlias = null,
            SubscriptionIdentifiers = [],
            WillDelayInterval = null,
        };
        if (travelling == PropertySet.Empty)
        {
            return [];
        }

        var to = new PacketWriter();
        PropertyWriter.Write(to, travelling, ProtocolVersion.V500);
        var lengthBytes = VariableByteInteger.Read(to.WrittenSpan, out _);
        return to.WrittenSpan[lengthBytes..].ToArray();
    }

    /// <summary>Decodes what <see cref="Encode"/> made, or what a valid PUBLISH carried.</summary>
    public static PropertySet Decode(ReadOnlySpan<byte> encoded)
    {
        var to = new PacketWriter();
        to.WriteVariableByteInteger(encoded.Length);
        to.WriteBytes(encoded);
        var reader = new PacketReader(to.WrittenSpan, ProtocolVersion.V500);
        return PropertyReader.Read(ref reader, PropertyOwner.Publish);
    }
}
