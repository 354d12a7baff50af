using System.Collections.Immutable;

namespace Cassini.Streams.Mqtt.Properties;

/// <summary>Reads the properties of a packet (MQTT 5.0 §2.2.2).</summary>
internal static class PropertyReader
{
    /// <summary>
    /// The most user properties of one packet: each takes many times its bytes in memory, and nothing is done with it. Those of messages
    /// are not limited, because they stay encoded.
    /// </summary>
    public const int MaxUserProperties = 256;

    /// <summary>Reads property length and properties. Reads nothing in MQTT 3.1.1, because it has no properties.</summary>
    public static PropertySet Read(ref PacketReader reader, PropertyOwner owner)
    {
        if (reader.Version < ProtocolVersion.V500)
        {
            return PropertySet.Empty;
        }

        var length = reader.ReadVariableByteInteger("the property length");
        var body = new PacketReader(reader.Take(length, "the properties"), reader.Version);
        var properties = body.IsAtEnd ? PropertySet.Empty : ReadAll(ref body, owner);
        if (body.Violation is { } violation)
        {
            reader.Fail(violation);
        }

        return properties;
    }

    /// <summary>
    /// Reads an identifier. Checks that it is allowed here and, unless it may repeat, that it appears for the first time.
    /// </summary>
    public static PropertyId ReadId(ref PacketReader reader, PropertyOwner owner, ref ulong seen)
    {
        var id = reader.ReadVariableByteInteger("a property identifier");
        if (reader.Failed)
        {
            return default;
        }

        if (!PropertyRules.IsAllowed(owner, id))
        {
            reader.Fail(ProtocolViolation.Malformed("§2.2.2.2", $"property 0x{id:X2} does not belong into {owner}"));
            return default;
        }

        var bit = 1UL << id;
        if ((seen & bit) != 0 && !PropertyRules.MayRepeat(owner, (PropertyId)id))
        {
            reader.Fail(ProtocolViolation.Error(PropertyRules.Section(owner, (PropertyId)id), $"{(PropertyId)id} is there twice"));
            return default;
        }

        seen |= bit;
        return (PropertyId)id;
    }

    private static PropertySet ReadAll(ref PacketReader reader, PropertyOwner owner)
    {
        var properties = new PropertySet();
        ImmutableArray<UserProperty>.Builder? userProperties = null;
        var seen = 0UL;
        while (!reader.IsAtEnd)
        {
            var id = ReadId(ref reader, owner, ref seen);
            if (reader.Failed)
            {
                return PropertySet.Empty;
            }

            if (id == PropertyId.UserProperty)
            {
                if (userProperties?.Count >= MaxUserProperties && owner != PropertyOwner.Publish)
                {
                    reader.Fail(new ProtocolViolation(
                        ReasonCode.QuotaExceeded, "§4.13.2", $"more than {MaxUserProperties} user properties in {owner}"));
                    return PropertySet.Empty;
                }

                (userProperties ??= ImmutableArray.CreateBuilder<UserProperty>()).Add(
                    new UserProperty(reader.ReadString("a user property's name"), reader.ReadString("a user property's value")));
            }
            else
            {
                properties = ReadOne(ref reader, owner, properties, id);
            }
        }

        return userProperties is null ? properties : properties with { UserProperties = userProperties.DrainToImmutable() };
    }

    private static PropertySet ReadOne(ref PacketReader reader, PropertyOwner owner, PropertySet properties, PropertyId id) => id switch
    {
        PropertyId.PayloadFormatIndicator => properties with
        {
            PayloadFormatIndicator = ReadBit(ref reader, owner, id) ? (byte)1 : (byte)0,
        },
        PropertyId.MessageExpiryInterval => properties with
        {
            MessageExpiryInterval = reader.ReadUInt32(nameof(PropertyId.MessageExpiryInterval)),
        },
        PropertyId.ContentType => properties with { ContentType = reader.ReadString(nameof(PropertyId.ContentType)) },
        PropertyId.ResponseTopic => properties with { ResponseTopic = ReadResponseTopic(ref reader) },
        PropertyId.CorrelationData => properties with { CorrelationData = [.. reader.ReadBinary(nameof(PropertyId.CorrelationData))] },
        PropertyId.SubscriptionIdentifier => properties with
        {
            SubscriptionIdentifiers = properties.SubscriptionIdentifiers.Add(ReadSubscriptionIdentifier(ref reader, owner)),
        },
        PropertyId.SessionExpiryInterval => properties with
        {
            SessionExpiryInterval = reader.ReadUInt32(nameof(PropertyId.SessionExpiryInterval)),
        },
        PropertyId.AssignedClientIdentifier => properties with
        {
            AssignedClientIdentifier = reader.ReadString(nameof(PropertyId.AssignedClientIdentifier)),
        },
        PropertyId.ServerKeepAlive => properties with { ServerKeepAlive = reader.ReadUInt16(nameof(PropertyId.ServerKeepAlive)) },
        PropertyId.AuthenticationMethod => properties with
        {
            AuthenticationMethod = reader.ReadString(nameof(PropertyId.AuthenticationMethod)),
        },
        PropertyId.AuthenticationData => properties with
        {
            AuthenticationData = [.. reader.ReadBinary(nameof(PropertyId.AuthenticationData))],
        },
        PropertyId.RequestProblemInformation => properties with { RequestProblemInformation = ReadBit(ref reader, owner, id) },
        PropertyId.WillDelayInterval => properties with { WillDelayInterval = reader.ReadUInt32(nameof(PropertyId.WillDelayInterval)) },
        PropertyId.RequestResponseInformation => properties with { RequestResponseInformation = ReadBit(ref reader, owner, id) },
        PropertyId.ResponseInformation => properties with
        {
            ResponseInformation = reader.ReadString(nameof(PropertyId.ResponseInformation)),
        },
        PropertyId.ServerReference => properties with { ServerReference = reader.ReadString(nameof(PropertyId.ServerReference)) },
        PropertyId.ReasonString => properties with { ReasonString = reader.ReadString(nameof(PropertyId.ReasonString)) },
        PropertyId.ReceiveMaximum => properties with
        {
            ReceiveMaximum = (ushort)NotZero(ref reader, owner, reader.ReadUInt16(nameof(PropertyId.ReceiveMaximum)), id),
        },
        PropertyId.TopicAliasMaximum => properties with { TopicAliasMaximum = reader.ReadUInt16(nameof(PropertyId.TopicAliasMaximum)) },
        PropertyId.TopicAlias => properties with { TopicAlias = reader.ReadUInt16(nameof(PropertyId.TopicAlias)) },
        PropertyId.MaximumQoS => properties with { MaximumQoS = ReadBit(ref reader, owner, id) ? (byte)1 : (byte)0 },
        PropertyId.RetainAvailable => properties with { RetainAvailable = ReadBit(ref reader, owner, id) },
        PropertyId.MaximumPacketSize => properties with
        {
            MaximumPacketSize = NotZero(ref reader, owner, reader.ReadUInt32(nameof(PropertyId.MaximumPacketSize)), id),
        },
        PropertyId.WildcardSubscriptionAvailable => properties with { WildcardSubscriptionAvailable = ReadBit(ref reader, owner, id) },
        PropertyId.SubscriptionIdentifierAvailable => properties with { SubscriptionIdentifierAvailable = ReadBit(ref reader, owner, id) },
        _ => properties with { SharedSubscriptionAvailable = ReadBit(ref reader, owner, id) },
    };

    /// <summary>Reads a byte that must be 0 or 1; another value is a protocol error.</summary>
    public static bool ReadBit(ref PacketReader reader, PropertyOwner owner, PropertyId id)
    {
        var value = reader.ReadByte("a property's byte");
        if (value > 1)
        {
            reader.Fail(ProtocolViolation.Error(PropertyRules.Section(owner, id), $"{id} is {value}; allowed: 0 and 1"));
        }

        return value == 1;
    }

    /// <summary>A subscription identifier is never 0 (§3.8.2.1.2, §3.3.2.3.8).</summary>
    public static int ReadSubscriptionIdentifier(ref PacketReader reader, PropertyOwner owner)
    {
        var value = reader.ReadVariableByteInteger(nameof(PropertyId.SubscriptionIdentifier));
        NotZero(ref reader, owner, (uint)value, PropertyId.SubscriptionIdentifier);
        return value;
    }

    private static string ReadResponseTopic(ref PacketReader reader)
    {
        var topic = reader.ReadText(nameof(PropertyId.ResponseTopic));
        CheckResponseTopic(ref reader, topic);
        return MqttText.Decode(topic);
    }

    /// <summary>A response topic is a topic name: not empty [MQTT-4.7.3-1], no wildcards [MQTT-3.3.2-14].</summary>
    public static void CheckResponseTopic(ref PacketReader reader, ReadOnlySpan<byte> topic)
    {
        if (!reader.Failed && !TopicName.IsValid(topic))
        {
            reader.Fail(topic.IsEmpty
                ? ProtocolViolation.Error("MQTT-4.7.3-1", "the response topic is empty")
                : ProtocolViolation.Error("MQTT-3.3.2-14", "the response topic has a wildcard"));
        }
    }

    private static uint NotZero(ref PacketReader reader, PropertyOwner owner, uint value, PropertyId id)
    {
        if (value == 0 && !reader.Failed)
        {
            reader.Fail(ProtocolViolation.Error(PropertyRules.Section(owner, id), $"{id} is 0"));
        }

        return value;
    }
}
