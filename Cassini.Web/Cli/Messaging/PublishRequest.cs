using MQTTnet;
using MQTTnet.Protocol;

namespace Cassini.Web.Cli.Messaging;

/// <summary>What <c>pub</c> was asked for.</summary>
internal sealed record PublishRequest
{
    public required string Topic { get; init; }

    /// <summary>The payload; null is each line of the input.</summary>
    public required ReadOnlyMemory<byte>? Payload { get; init; }

    public required bool Retain { get; init; }

    /// <summary>How often to publish the payload.</summary>
    public required long Repeat { get; init; }

    /// <summary>The pause between two messages.</summary>
    public required TimeSpan Interval { get; init; }

    /// <summary>Whether to write rates.</summary>
    public required bool Rate { get; init; }

    public required IReadOnlyList<(string Name, string Value)> UserProperties { get; init; }

    public required string? ContentType { get; init; }

    public required TimeSpan? Expiry { get; init; }

    public MqttApplicationMessage Message(ReadOnlyMemory<byte> payload, MqttQualityOfServiceLevel qos)
    {
        var message = new MqttApplicationMessageBuilder()
            .WithTopic(Topic)
            .WithPayloadSegment(payload)
            .WithQualityOfServiceLevel(qos)
            .WithRetainFlag(Retain);
        foreach (var (name, value) in UserProperties)
        {
            message.WithUserProperty(name, System.Text.Encoding.UTF8.GetBytes(value).AsMemory());
        }

        if (ContentType is { } contentType)
        {
            message.WithContentType(contentType);
        }

        return Expiry is { } expiry ? message.WithMessageExpiryInterval((uint)expiry.TotalSeconds).Build() : message.Build();
    }
}
