using System.Collections.Immutable;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Properties;

namespace Cassini.Streams.Broker.Model;

/// <summary>A message as .NET code publishes and observes it.</summary>
public sealed record MqttMessage
{
    /// <summary>The topic name: at least one character, no wildcards, no U+0000.</summary>
    public required string Topic { get; init; }

    /// <summary>The payload. Default: empty.</summary>
    public ReadOnlyMemory<byte> Payload { get; init; }

    /// <summary>Quality of service. Default: at most once.</summary>
    public QualityOfService QoS { get; init; }

    /// <summary>
    /// Publishing: whether it becomes its topic's retained message (an empty one removes it). Observing: whether it was retained
    /// when the observation began. Default false.
    /// </summary>
    public bool Retain { get; init; }

    /// <summary>How long it may wait to be delivered; whole seconds. Default null: for ever.</summary>
    public TimeSpan? ExpiresAfter { get; init; }

    /// <summary>Whether the payload is UTF-8 text (payload format indicator). Default null: not stated.</summary>
    public bool? IsText { get; init; }

    /// <summary>What the payload is, for example a MIME type. Default null.</summary>
    public string? ContentType { get; init; }

    /// <summary>The topic that an answer should be published to (response topic). Default null.</summary>
    public string? ResponseTopic { get; init; }

    /// <summary>
    /// What an answer should carry, so that the requester knows which request it answers (correlation data). Default null.
    /// </summary>
    public ImmutableArray<byte>? CorrelationData { get; init; }

    /// <summary>Names and values of the application's own, in their order. Default: none.</summary>
    public ImmutableArray<UserProperty> UserProperties { get; init; } = [];
}

/// <summary>What became of a message that .NET code published.</summary>
public enum PublishOutcome
{
    /// <summary>At least one subscription matched it.</summary>
    Delivered,

    /// <summary>No subscription matched it; it was retained if that was asked for.</summary>
    NoSubscribers,

    /// <summary>
    /// It was refused, and no one receives it: there was no memory for it within <see cref="BrokerOptions.MemoryPatience"/>, the store
    /// could not keep what would have to be stored of it, or the broker is shutting down.
    /// </summary>
    Refused,

    /// <summary>
    /// It was delivered to the subscriptions that matched it, if there were any, but it could not be retained: the limit of retained
    /// messages was reached. Publishing it again would deliver it again.
    /// </summary>
    NotRetained,
}
