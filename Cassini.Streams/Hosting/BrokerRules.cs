using System.Globalization;
using Cassini.Streams.Broker;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Health;

namespace Cassini.Streams.Hosting;

/// <summary>What the options of the broker may be.</summary>
internal static class BrokerRules
{
    private const int Most = int.MaxValue;
    private static readonly TimeSpan Millisecond = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    public static void Validate(OptionRules rules, BrokerOptions broker)
    {
        rules.Require(!broker.Access.IsDefault, "Broker:Access", "nothing", "a list is needed; an empty one denies everything");
        ValidateSessions(rules, broker);
        ValidateTopics(rules, broker);
        ValidateQueues(rules, broker);
    }

    private static void ValidateSessions(OptionRules rules, BrokerOptions broker)
    {
        rules.Range("Broker:MaxSessions", broker.MaxSessions, 1, Most);
        rules.Range("Broker:MaxSessionExpiry", broker.MaxSessionExpiry, TimeSpan.Zero, 3_650 * Day);
        rules.Range("Broker:ConnectTimeout", broker.ConnectTimeout, 100 * Millisecond, 10 * Minute);
        rules.Range("Broker:MaxKeepAlive", broker.MaxKeepAlive, TimeSpan.Zero, 65_535 * Second);
        rules.Require(broker.MaxKeepAlive.Ticks % TimeSpan.TicksPerSecond == 0, "Broker:MaxKeepAlive", broker.MaxKeepAlive, "whole seconds only");
        rules.Range("Broker:MaxSubscriptions", broker.MaxSubscriptions, 1, Most);
        rules.Require(
            broker.ServerReference is null or { Length: > 0 and <= 1_024 } && broker.ServerReference?.Any(char.IsControl) is not true,
            "Broker:ServerReference",
            $"a text of {broker.ServerReference?.Length} characters",
            "1 to 1,024 characters without control characters");
        rules.Range("Broker:MaxPublishRate", broker.MaxPublishRate, 0, Most);
        rules.Range("Broker:MaxTopicAliases", broker.MaxTopicAliases, 0, ushort.MaxValue);
        rules.Range("Broker:MaxOutgoingTopicAliases", broker.MaxOutgoingTopicAliases, 0, ushort.MaxValue);
    }

    private static void ValidateTopics(OptionRules rules, BrokerOptions broker)
    {
        rules.Range("Broker:MaxTopicLength", broker.MaxTopicLength, 1, ushort.MaxValue);
        rules.Range("Broker:MaxTopicLevels", broker.MaxTopicLevels, 1, 1_024);
        rules.Range("Broker:MaxTopics", broker.MaxTopics, 1, Most);
        rules.Range("Broker:TopicIdle", broker.TopicIdle, Second, 30 * Day);
        rules.Range("Broker:MaxRetained", broker.MaxRetained, 0, Most);
        rules.Range("Broker:SysInterval", broker.SysInterval, 100 * Millisecond, 60 * Minute);
    }

    private static void ValidateQueues(OptionRules rules, BrokerOptions broker)
    {
        rules.Range("Broker:MaxPacketSize", broker.MaxPacketSize, 1_024, 256 * 1_024 * 1_024);
        rules.Range("Broker:ReceiveMaximum", broker.ReceiveMaximum, 1, ushort.MaxValue);
        rules.Range("Broker:MaxInFlight", broker.MaxInFlight, 1, ushort.MaxValue);
        rules.Range("Broker:MaxQueuedMessages", broker.MaxQueuedMessages, 1, Most);
        rules.Range("Broker:MaxQueuedBytes", broker.MaxQueuedBytes, 64 * 1_024, long.MaxValue);
        rules.Range("Broker:MemoryLimit", broker.MemoryLimit, 0, long.MaxValue);
        rules.Range("Broker:MemoryPatience", broker.MemoryPatience, TimeSpan.Zero, 10 * Minute);

        // A message that is taken must find room somewhere.
        rules.Require(
            broker.MaxQueuedBytes >= broker.MaxPacketSize, "Broker:MaxQueuedBytes", Text(broker.MaxQueuedBytes), "at least Broker:MaxPacketSize");
        rules.Require(
            broker.MemoryLimit == 0 || broker.MemoryLimit >= broker.MaxPacketSize,
            "Broker:MemoryLimit",
            Text(broker.MemoryLimit),
            "0, or at least Broker:MaxPacketSize");
    }

    private static string Text(long value) => value.ToString("#,0", CultureInfo.InvariantCulture);
}
