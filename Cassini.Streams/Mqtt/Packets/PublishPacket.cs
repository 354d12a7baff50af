using Cassini.Streams.Mqtt.Properties;

namespace Cassini.Streams.Mqtt.Packets;

/// <summary>
/// PUBLISH (MQTT 5.0 §3.3) as a view of the receive buffer: reading it copies and allocates nothing. The bytes are valid until the
/// buffer is used again.
/// </summary>
internal ref struct PublishPacket
{
    private const int AliasSize = 3;
    private const int ExpirySize = 5;

    private int _aliasAt;
    private int _expiryAt;

    /// <summary>The topic name; empty when <see cref="TopicAlias"/> replaces it.</summary>
    public ReadOnlySpan<byte> Topic { get; private set; }

    public QualityOfService QoS { get; private set; }

    public bool Retain { get; private set; }

    public bool Dup { get; private set; }

    /// <summary>0 with QoS 0.</summary>
    public ushort PacketId { get; private set; }

    /// <summary>Null when there is none.</summary>
    public ushort? TopicAlias { get; private set; }

    /// <summary>Seconds; null when the message does not expire.</summary>
    public uint? MessageExpiryInterval { get; private set; }

    /// <summary>All properties in the form in which they were sent, without their length.</summary>
    public ReadOnlySpan<byte> Properties { get; private set; }

    public ReadOnlySpan<byte> Payload { get; private set; }

    /// <summary>The length of the properties that belong to the message itself: without topic alias and expiry interval.</summary>
    public readonly int MessagePropertiesLength =>
        Properties.Length - (TopicAlias is null ? 0 : AliasSize) - (MessageExpiryInterval is null ? 0 : ExpirySize);

    /// <summary>
    /// The properties that belong to the message itself, such as user properties, in their order (§3.3.2.3). Topic alias and expiry
    /// interval are left out, because each hop has its own.
    /// </summary>
    /// <param name="scratch">A buffer to join them in if they are not contiguous; at least as long as <see cref="Properties"/>.</param>
    public readonly ReadOnlySpan<byte> MessageProperties(Span<byte> scratch)
    {
        var length = MessagePropertiesLength;
        if (length == Properties.Length || length == 0)
        {
            return Properties[..length];
        }

        var to = 0;
        for (var from = 0; from < Properties.Length;)
        {
            if (TopicAlias is not null && from == _aliasAt)
            {
                from += AliasSize;
            }
            else if (MessageExpiryInterval is not null && from == _expiryAt)
            {
                from += ExpirySize;
            }
            else
            {
                scratch[to++] = Properties[from++];
            }
        }

        return scratch[..to];
    }

    /// <summary>Reads the packet.</summary>
    /// <param name="frame">A frame of type PUBLISH.</param>
    /// <param name="version">The protocol version of the connection.</param>
    /// <param name="fromClient">Whether a client sent it, because only a server may send subscription identifiers [MQTT-3.3.4-6].</param>
    /// <param name="packet">The packet that was read.</param>
    /// <param name="violation">What was wrong.</param>
    public static bool TryRead(
        Frame frame, ProtocolVersion version, bool fromClient, out PublishPacket packet, out ProtocolViolation violation)
    {
        var reader = new PacketReader(frame.Body, version);
        packet = new PublishPacket
        {
            QoS = (QualityOfService)((frame.Flags >> 1) & 3),
            Retain = (frame.Flags & 1) != 0,
            Dup = (frame.Flags & 8) != 0,
            Topic = reader.ReadText("the topic name"),
        };
        if (packet.QoS != QualityOfService.AtMostOnce)
        {
            packet.PacketId = reader.ReadPacketId();
        }

        if (version == ProtocolVersion.V500)
        {
            var length = reader.ReadVariableByteInteger("the property length");
            packet.Properties = reader.Take(length, "the properties");
            if (length > 0 && !reader.Failed && packet.ReadProperties(version, fromClient) is { } wrong)
            {
                reader.Fail(wrong);
            }
        }

        packet.Payload = reader.TakeRest();
        if ((reader.Violation ?? packet.CheckTopic(version)) is { } failed)
        {
            violation = failed;
            return false;
        }

        violation = default;
        return true;
    }

    private readonly ProtocolViolation? CheckTopic(ProtocolVersion version)
    {
        if (!Topic.IsEmpty)
        {
            return TopicName.IsValid(Topic)
                ? null
                : new ProtocolViolation(ReasonCode.TopicNameInvalid, "MQTT-3.3.2-2", "the topic name has a wildcard");
        }

        return version < ProtocolVersion.V500 ? ProtocolViolation.Malformed("MQTT-4.7.3-1", "the topic name is empty")
            : TopicAlias is null ? ProtocolViolation.Error("§3.3.2.1", "neither a topic name nor a topic alias")
            : null;
    }

    private ProtocolViolation? ReadProperties(ProtocolVersion version, bool fromClient)
    {
        var reader = new PacketReader(Properties, version);
        var seen = 0UL;
        while (!reader.IsAtEnd)
        {
            var at = Properties.Length - reader.Remaining;
            var id = PropertyReader.ReadId(ref reader, PropertyOwner.Publish, ref seen);
            if (reader.Failed)
            {
                break;
            }

            ReadProperty(ref reader, id, at, fromClient);
        }

        return reader.Violation;
    }

    private void ReadProperty(ref PacketReader reader, PropertyId id, int at, bool fromClient)
    {
        switch (id)
        {
            case PropertyId.TopicAlias:
                _aliasAt = at;
                TopicAlias = reader.ReadUInt16(nameof(PropertyId.TopicAlias));
                if (TopicAlias == 0 && !reader.Failed)
                {
                    reader.Fail(new ProtocolViolation(ReasonCode.TopicAliasInvalid, "MQTT-3.3.2-8", "topic alias 0"));
                }

                break;
            case PropertyId.MessageExpiryInterval:
                _expiryAt = at;
                MessageExpiryInterval = reader.ReadUInt32(nameof(PropertyId.MessageExpiryInterval));
                break;
            case PropertyId.PayloadFormatIndicator:
                PropertyReader.ReadBit(ref reader, PropertyOwner.Publish, id);
                break;
            case PropertyId.ResponseTopic:
                PropertyReader.CheckResponseTopic(ref reader, reader.ReadText(nameof(PropertyId.ResponseTopic)));
                break;
            case PropertyId.CorrelationData:
                reader.ReadBinary(nameof(PropertyId.CorrelationData));
                break;
            case PropertyId.ContentType:
                reader.ReadText(nameof(PropertyId.ContentType));
                break;
            case PropertyId.SubscriptionIdentifier when fromClient:
                reader.Fail(ProtocolViolation.Error("MQTT-3.3.4-6", "a subscription identifier in a client's PUBLISH"));
                break;
            case PropertyId.SubscriptionIdentifier:
                PropertyReader.ReadSubscriptionIdentifier(ref reader, PropertyOwner.Publish);
                break;
            default:
                reader.ReadText("a user property's name");
                reader.ReadText("a user property's value");
                break;
        }
    }
}
