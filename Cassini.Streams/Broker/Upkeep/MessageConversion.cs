using Cassini.Streams.Broker.Model;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Properties;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Broker.Upkeep;

/// <summary>Converts between <see cref="MqttMessage"/> and the bytes on the wire.</summary>
internal static class MessageConversion
{
    /// <summary>Which part of a message MQTT cannot carry, beside its topic and payload; null when it can carry all.</summary>
    public static string? ProblemOf(MqttMessage message) =>
        ProblemOf(message.ContentType, "the content type")
        ?? ProblemOf(message.ResponseTopic, "the response topic")
        ?? (message.ResponseTopic is { } topic && !TopicName.IsValid(MqttText.Encode(topic))
            ? $"the response topic {SafeText.Quote(topic, SafeText.Short)} is not a topic name"
            : null)
        ?? message.UserProperties
            .Select(property => ProblemOf(property.Name, "a user property") ?? ProblemOf(property.Value, "a user property"))
            .FirstOrDefault(problem => problem is not null)
        ?? (message.CorrelationData is { Length: > MqttText.MaxBytes }
            ? $"the correlation data has more than {MqttText.MaxBytes:N0} bytes"
            : null);

    /// <summary>Encodes the properties of a message that has no problem.</summary>
    public static byte[] PropertiesOf(MqttMessage message) => MessageProperties.Encode(new PropertySet
    {
        PayloadFormatIndicator = message.IsText is { } isText ? (byte)(isText ? 1 : 0) : null,
        ContentType = message.ContentType,
        ResponseTopic = message.ResponseTopic,
        CorrelationData = message.CorrelationData,
        UserProperties = message.UserProperties,
    });

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

    private static string? ProblemOf(string? text, string what) => text is null || MqttText.TryEncode(text, out _)
        ? null
        : $"{what} is not well-formed Unicode, has U+0000, or more than {MqttText.MaxBytes:N0} bytes";
}
