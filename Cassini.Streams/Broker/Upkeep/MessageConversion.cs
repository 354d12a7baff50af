using Cassini.Streams.Broker.Model;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Properties;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Broker.Upkeep;

/// <summary>Converts between <see cref="MqttMessage"/> and the bytes on the wire.</summary>
internal static class MessageConversion
{
    /// <exception cref="ArgumentException">The message has a part that MQTT cannot carry.</exception>
    public static byte[] PropertiesOf(MqttMessage message)
    {
        Check(message.ContentType, nameof(message.ContentType));
        Check(message.ResponseTopic, nameof(message.ResponseTopic));
        foreach (var (name, value) in message.UserProperties)
        {
            Check(name, nameof(message.UserProperties));
            Check(value, nameof(message.UserProperties));
        }

        if (message.ResponseTopic is { } topic && !TopicName.IsValid(MqttText.Encode(topic)))
        {
            throw new ArgumentException($"'{SafeText.Of(topic, SafeText.Short)}' is not a topic name", nameof(message));
        }

        if (message.CorrelationData is { Length: > MqttText.MaxBytes })
        {
            throw new ArgumentException($"{nameof(message.CorrelationData)} has more than {MqttText.MaxBytes:N0} bytes", nameof(message));
        }

        return MessageProperties.Encode(new PropertySet
        {
            PayloadFormatIndicator = message.IsText is { } isText ? (byte)(isText ? 1 : 0) : null,
            ContentType = message.ContentType,
            ResponseTopic = message.ResponseTopic,
            CorrelationData = message.CorrelationData,
            UserProperties = message.UserProperties,
        });
    }

    public static MqttMessage Make(
        string topic, ReadOnlySpan<byte> payload, ReadOnlySpan<byte> properties, QualityOfService qos, bool retain, uint? expiry)
    {
        var decoded = properties.IsEmpty ? PropertySet.Empty : MessageProperties.Decode(properties);
        return new MqttMessage
        {
            Topic = topic,
            Payload = payload.ToArray(),
            QoS = qos,
            Retain = retain,
            ExpiresAfter = expiry is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
            IsText = decoded.PayloadFormatIndicator is { } indicator ? indicator == 1 : null,
            ContentType = decoded.ContentType,
            ResponseTopic = decoded.ResponseTopic,
            CorrelationData = decoded.CorrelationData,
            UserProperties = decoded.UserProperties,
        };
    }

    private static void Check(string? text, string what)
    {
        if (text is not null && MqttText.Encode(text) is var utf8 && (utf8.Length > MqttText.MaxBytes || !MqttText.IsValid(utf8)))
        {
            throw new ArgumentException($"{what} has a text with U+0000, or of more than {MqttText.MaxBytes:N0} bytes", nameof(text));
        }
    }
}
