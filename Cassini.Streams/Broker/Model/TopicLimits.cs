using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Broker.Model;

/// <summary>How long and how deep topics and filters may be.</summary>
internal static class TopicLimits
{
    /// <summary>What is wrong with a topic or filter; null when it is within the limits.</summary>
    public static string? Problem(ReadOnlySpan<byte> topic, BrokerOptions options) =>
        topic.Length > options.MaxTopicLength ? $"{topic.Length:N0} bytes; at most {options.MaxTopicLength:N0} are allowed"
        : TopicName.Levels(topic) is var levels && levels > options.MaxTopicLevels
            ? $"{levels:N0} levels; at most {options.MaxTopicLevels:N0} are allowed"
        : null;
}
