using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Broker;

/// <summary>Between <see cref="MqttMessage"/> and the bytes that travel.</summary>
internal static class MessageConversion
{
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
}
