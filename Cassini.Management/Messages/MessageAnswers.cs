using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Cassini.Management.Http;
using Cassini.Streams.Broker.Model;

namespace Cassini.Management.Messages;

/// <summary>The answer to POST /messages.</summary>
/// <param name="Outcome">
/// <c>delivered</c>, <c>noSubscribers</c>, or <c>notRetained</c> when the limit of retained messages is reached.
/// </param>
/// <param name="Topic">The topic.</param>
/// <param name="Size">The bytes of the payload.</param>
internal sealed record PublishedAnswer(string Outcome, string Topic, int Size);

/// <summary>A message as it is shown. What it does not have is left out.</summary>
/// <param name="Topic">Its topic.</param>
/// <param name="Payload">The payload, when that is UTF-8 without control characters other than tabs and line ends.</param>
/// <param name="PayloadBase64">The payload otherwise.</param>
/// <param name="Truncated">Whether only the beginning of the payload is here.</param>
/// <param name="Size">The bytes of the whole payload.</param>
/// <param name="Qos">The quality of service with which it was published.</param>
/// <param name="Retain">Whether it was retained before.</param>
/// <param name="ReceivedAt">When it was published; not of one that was retained before.</param>
/// <param name="ExpirySeconds">The seconds until it expires.</param>
/// <param name="IsText">Whether its publisher says that the payload is text.</param>
/// <param name="ContentType">What the payload is.</param>
/// <param name="ResponseTopic">Where an answer should go.</param>
/// <param name="CorrelationData">What an answer should carry, in base64.</param>
/// <param name="UserProperties">Names and values of the application's own.</param>
/// <param name="Identity">The identity that published it, of a retained message; not when that was the broker itself.</param>
internal sealed record MessageAnswer(
    string Topic,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Payload,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? PayloadBase64,
    bool Truncated,
    int Size,
    int Qos,
    bool Retain,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DateTimeOffset? ReceivedAt,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? ExpirySeconds,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? IsText,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? ContentType,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? ResponseTopic,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? CorrelationData,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<UserPropertyAnswer>? UserProperties,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Identity)
{
    /// <param name="message">The message, its payload cut after <see cref="PayloadText.Most"/> bytes.</param>
    /// <param name="size">The bytes of the whole payload.</param>
    /// <param name="receivedAt">When it was published; null when that is not known.</param>
    /// <param name="identity">Who published it; null when that is not known.</param>
    public static MessageAnswer Of(MqttMessage message, int size, DateTimeOffset? receivedAt, string? identity = null)
    {
        var payload = message.Payload.Span;
        var isCut = payload.Length < size;
        var isText = PayloadText.TryRead(payload, isCut, out var text);
        return new MessageAnswer(
            message.Topic,
            text,
            isText ? null : Convert.ToBase64String(payload),
            isCut,
            size,
            (int)message.QoS,
            message.Retain,
            receivedAt,
            message.ExpiresAfter is { } left ? (long)left.TotalSeconds : null,
            message.IsText,
            message.ContentType,
            message.ResponseTopic,
            message.CorrelationData is { } data ? Convert.ToBase64String(data.AsSpan()) : null,
            message.UserProperties.IsDefaultOrEmpty ? null
                : [.. message.UserProperties.Select(property => new UserPropertyAnswer(property.Name, property.Value))],
            identity);
    }
}

/// <summary>A name and a value of the application's own.</summary>
internal sealed record UserPropertyAnswer(string Name, string Value);

/// <summary>The first event of GET /messages: the subscriptions are in force.</summary>
/// <param name="Filters">The filters.</param>
/// <param name="Identity">As whom they were subscribed to.</param>
internal sealed record SubscribedAnswer(IReadOnlyList<string> Filters, string Identity);

/// <summary>The reader of GET /messages was too slow.</summary>
/// <param name="Count">Messages that were lost since this was said last.</param>
/// <param name="Total">Messages that were lost since the beginning.</param>
internal sealed record DroppedAnswer(long Count, long Total);

/// <summary>The last event of GET /messages when the access rules have changed.</summary>
/// <param name="Filter">A filter that they no longer allow.</param>
/// <param name="Message">The same in a sentence.</param>
internal sealed record DeniedAnswer(string Filter, string Message);

internal static class MessageJson
{
    public static JsonTypeInfo<PublishedAnswer> Published { get; } = ManagementJson.Of<PublishedAnswer>(MessageJsonContext.Default);

    public static JsonTypeInfo<MessageAnswer> Message { get; } = ManagementJson.Of<MessageAnswer>(MessageJsonContext.Default);

    public static JsonTypeInfo<SubscribedAnswer> Subscribed { get; } = ManagementJson.Of<SubscribedAnswer>(MessageJsonContext.Default);

    public static JsonTypeInfo<DroppedAnswer> Dropped { get; } = ManagementJson.Of<DroppedAnswer>(MessageJsonContext.Default);

    public static JsonTypeInfo<DeniedAnswer> Denied { get; } = ManagementJson.Of<DeniedAnswer>(MessageJsonContext.Default);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(PublishedAnswer))]
[JsonSerializable(typeof(MessageAnswer))]
[JsonSerializable(typeof(SubscribedAnswer))]
[JsonSerializable(typeof(DroppedAnswer))]
[JsonSerializable(typeof(DeniedAnswer))]
[JsonSerializable(typeof(MessageBody))]
internal sealed partial class MessageJsonContext : JsonSerializerContext;
