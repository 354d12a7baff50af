namespace Cassini.Streams.Mqtt.Properties;

/// <summary>The properties that are sent with a message, as bytes: publishers set them, and subscribers get them unchanged.</summary>
internal static class MessageProperties
{
    /// <summary>
    /// Encodes the properties without their length. Expiry, alias and subscription identifiers are left out, because each hop has its
    /// own.
    /// </summary>
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

    /// <summary>Decodes properties that <see cref="Encode"/> wrote, or that a valid PUBLISH carried.</summary>
    public static PropertySet Decode(ReadOnlySpan<byte> encoded)
    {
        var to = new PacketWriter();
        to.WriteVariableByteInteger(encoded.Length);
        to.WriteBytes(encoded);
        var reader = new PacketReader(to.WrittenSpan, ProtocolVersion.V500);
        return PropertyReader.Read(ref reader, PropertyOwner.Publish);
    }
}
