using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Cassini.Streams.Primitives;
using Cassini.Web.Cli.Context;
using MQTTnet;

namespace Cassini.Web.Cli.Messaging;

/// <summary>A message as a line: <c>topic payload</c>, or an object.</summary>
internal sealed class MessageLineWriter(TextWriter output, bool isTerminal, bool json, TimeProvider time)
{
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    public void Write(MqttApplicationMessage message) => output.WriteLine(json ? Json(message) : Text(message));

    private string Text(MqttApplicationMessage message)
    {
        var line = $"{message.Topic} {Encoding.UTF8.GetString(message.Payload)}";
        return isTerminal ? SafeText.Of(line) : line;
    }

    private string Json(MqttApplicationMessage message) => JsonLine.Of(writer =>
    {
        writer.WriteString("time", time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture));
        writer.WriteString("topic", message.Topic);
        WritePayload(writer, message.Payload);
        writer.WriteNumber("qos", (int)message.QualityOfServiceLevel);
        writer.WriteBoolean("retain", message.Retain);
        if (message.ContentType is { } contentType)
        {
            writer.WriteString("contentType", contentType);
        }

        WriteProperties(writer, message);
    });

    private static void WritePayload(Utf8JsonWriter writer, ReadOnlySequence<byte> payload)
    {
        try
        {
            writer.WriteString("payload", Strict.GetString(payload));
        }
        catch (DecoderFallbackException)
        {
            writer.WriteBase64String("payloadBase64", payload.ToArray());
        }
    }

    // An array and no object: a name may come twice [MQTT-3.3.2-18].
    private static void WriteProperties(Utf8JsonWriter writer, MqttApplicationMessage message)
    {
        writer.WriteStartArray("userProperties");
        foreach (var property in message.UserProperties ?? [])
        {
            writer.WriteStartObject();
            writer.WriteString("name", property.Name);
            writer.WriteString("value", Encoding.UTF8.GetString(property.ValueBuffer.Span));
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}
