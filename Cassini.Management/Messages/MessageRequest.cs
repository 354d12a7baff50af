using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using Cassini.Management.Http;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Properties;

namespace Cassini.Management.Messages;

/// <summary>Reads the body of POST /messages, and says in a sentence what is wrong with it.</summary>
internal sealed class MessageRequest
{
    private const string Fields =
        "topic, payload, payloadBase64, qos, retain, expirySeconds, isText, contentType, responseTopic, correlationData, userProperties";

    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 8, AllowDuplicateProperties = false };

    private string? _topic;
    private ReadOnlyMemory<byte>? _payload;
    private string? _payloadField;
    private MqttMessage _message = new() { Topic = "" };

    /// <summary>Reads a message.</summary>
    /// <param name="body">The body of the request.</param>
    /// <param name="message">The message; whether its parts are what MQTT allows is another question.</param>
    /// <param name="error">What is wrong.</param>
    public static bool TryRead(
        ReadOnlyMemory<byte> body, [NotNullWhen(true)] out MqttMessage? message, [NotNullWhen(false)] out string? error)
    {
        message = null;
        try
        {
            using var json = JsonDocument.Parse(body, Strict);
            return new MessageRequest().TryRead(json.RootElement, out message, out error);
        }
        catch (JsonException broken)
        {
            error = $"the body is no JSON: {Answer.Line(broken.Message)}";
            return false;
        }
        catch (InvalidOperationException)
        {
            error = "the name of a field is no well-formed text";
            return false;
        }
    }

    private bool TryRead(JsonElement root, out MqttMessage? message, [NotNullWhen(false)] out string? error)
    {
        message = null;
        error = root.ValueKind == JsonValueKind.Object ? null : "the body is no JSON object";
        foreach (var field in error is null ? root.EnumerateObject() : default)
        {
            error ??= Read(field);
        }

        error ??= string.IsNullOrEmpty(_topic) ? "topic is missing" : null;
        if (error is null)
        {
            message = _message with { Topic = _topic!, Payload = _payload ?? default };
        }

        return error is null;
    }

    /// <returns>What is wrong; null when it was read.</returns>
    private string? Read(JsonProperty field)
    {
        var value = field.Value;
        return field.Name switch
        {
            "topic" => TryText(value, out _topic) ? null : NoText("topic"),
            "payload" => ReadText(value),
            "payloadBase64" => ReadBase64(value),
            "qos" => ReadQoS(value),
            "retain" => ReadRetain(value),
            "expirySeconds" => ReadExpiry(value),
            "isText" => value.ValueKind is JsonValueKind.True or JsonValueKind.False
                ? Set(message => message with { IsText = value.GetBoolean() })
                : "isText is neither true nor false",
            "contentType" => TryText(value, out var type) ? Set(message => message with { ContentType = type }) : NoText("contentType"),
            "responseTopic" => TryText(value, out var topic)
                ? Set(message => message with { ResponseTopic = topic })
                : NoText("responseTopic"),
            "correlationData" => TryBase64(value, out var data)
                ? Set(message => message with { CorrelationData = [.. data] })
                : NoBase64("correlationData"),
            "userProperties" => ReadProperties(value),
            _ => $"{Answer.Quote(field.Name)} is none of {Fields}",
        };
    }

    private string? Set(Func<MqttMessage, MqttMessage> change)
    {
        _message = change(_message);
        return null;
    }

    private string? ReadText(JsonElement value) =>
        TryText(value, out var text) ? SetPayload("payload", Encoding.UTF8.GetBytes(text)) : NoText("payload");

    private string? ReadBase64(JsonElement value) =>
        TryBase64(value, out var bytes) ? SetPayload("payloadBase64", bytes) : NoBase64("payloadBase64");

    private string? SetPayload(string field, byte[] payload)
    {
        if (_payloadField is not null)
        {
            return "payload and payloadBase64 are both given: one is enough";
        }

        _payloadField = field;
        _payload = payload;
        return null;
    }

    private string? ReadQoS(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var qos) && qos is >= 0 and <= 2
            ? Set(message => message with { QoS = (QualityOfService)qos })
            : "qos is none of 0, 1, 2";

    private string? ReadRetain(JsonElement value) => value.ValueKind is JsonValueKind.True or JsonValueKind.False
        ? Set(message => message with { Retain = value.GetBoolean() })
        : "retain is neither true nor false";

    private string? ReadExpiry(JsonElement value) => value.ValueKind == JsonValueKind.Number && value.TryGetUInt32(out var seconds)
        ? Set(message => message with { ExpiresAfter = TimeSpan.FromSeconds(seconds) })
        : "expirySeconds is not a whole number from 0 to 4,294,967,295";

    private string? ReadProperties(JsonElement value)
    {
        const string Wrong = "userProperties is not a list of {\"name\": TEXT, \"value\": TEXT}";
        if (value.ValueKind != JsonValueKind.Array)
        {
            return Wrong;
        }

        var properties = ImmutableArray.CreateBuilder<UserProperty>();
        foreach (var item in value.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Object || item.GetPropertyCount() != 2
                || !item.TryGetProperty("name", out var name) || !item.TryGetProperty("value", out var of)
                || !TryText(name, out var nameText) || !TryText(of, out var valueText))
            {
                return Wrong;
            }

            properties.Add(new UserProperty(nameText, valueText));
        }

        return Set(message => message with { UserProperties = properties.DrainToImmutable() });
    }

    private static bool TryText(JsonElement value, [NotNullWhen(true)] out string? text)
    {
        text = null;
        if (value.ValueKind != JsonValueKind.String)
        {
            return false;
        }

        try
        {
            text = value.GetString();
            return text is not null;
        }
        catch (InvalidOperationException)
        {
            // Not well-formed: half of a pair, or bytes that are no UTF-8.
            return false;
        }
    }

    private static bool TryBase64(JsonElement value, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = null;
        return value.ValueKind == JsonValueKind.String && value.TryGetBytesFromBase64(out bytes);
    }

    private static string NoText(string field) => $"{field} is no well-formed text";

    private static string NoBase64(string field) => $"{field} is no base64";
}
