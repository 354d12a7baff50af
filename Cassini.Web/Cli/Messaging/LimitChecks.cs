using System.Globalization;
using System.Text;
using Cassini.Harness.Clients;
using Cassini.Streams.Primitives;
using MQTTnet;
using MQTTnet.Formatter;

namespace Cassini.Web.Cli.Messaging;

/// <summary>What a broker would refuse according to its CONNACK, found before it is sent.</summary>
internal static class LimitChecks
{
    private const string Wildcards = "+#";

    /// <summary>Why the broker does not take the message; null when it does.</summary>
    public static string? ProblemOf(MqttApplicationMessage message, MqttProtocolVersion version, BrokerLimits limits)
    {
        if (message.QualityOfServiceLevel > limits.MaximumQoS)
        {
            return $"--qos {(int)message.QualityOfServiceLevel}: the broker takes messages of at most QoS {(int)limits.MaximumQoS}";
        }

        if (message.Retain && !limits.HasRetain)
        {
            return "--retain: the broker keeps no messages";
        }

        var size = SizeOf(message, version);
        return size > limits.MaximumPacketSize
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"the message is too large: with its topic it is {size:N0} bytes, "
                + $"and the broker takes at most {limits.MaximumPacketSize:N0}")
            : null;
    }

    /// <summary>Why the broker does not take one of the filters; null when it takes all.</summary>
    public static string? ProblemOf(IEnumerable<string> filters, BrokerLimits limits)
    {
        foreach (var filter in filters)
        {
            if (!limits.HasWildcards && filter.AsSpan().ContainsAny(Wildcards))
            {
                return $"filter '{SafeText.Of(filter)}' has a wildcard: the broker offers subscriptions without wildcards only";
            }

            if (!limits.HasSharedSubscriptions && filter.StartsWith(TopicText.SharePrefix, StringComparison.Ordinal))
            {
                return $"filter '{SafeText.Of(filter)}': the broker offers no shared subscriptions";
            }
        }

        return null;
    }

    /// <summary>The length of the PUBLISH (MQTT 5.0 §3.3) with the properties that <c>pub</c> sets.</summary>
    public static long SizeOf(MqttApplicationMessage message, MqttProtocolVersion version)
    {
        long rest = TextSize(message.Topic) + message.Payload.Length;
        rest += message.QualityOfServiceLevel > 0 ? sizeof(ushort) : 0;
        if (version == MqttProtocolVersion.V500)
        {
            var properties = PropertiesSize(message);
            rest += VariableSize(properties) + properties;
        }

        return 1 + VariableSize(rest) + rest;
    }

    private static long PropertiesSize(MqttApplicationMessage message)
    {
        long size = message.MessageExpiryInterval > 0 ? 1 + sizeof(uint) : 0;
        size += message.ContentType is { } type ? 1 + TextSize(type) : 0;
        return size + (message.UserProperties ?? []).Sum(
            property => 1L + TextSize(property.Name) + sizeof(ushort) + property.ValueBuffer.Length);
    }

    private static int TextSize(string text) => sizeof(ushort) + Encoding.UTF8.GetByteCount(text);

    /// <summary>The length of a variable byte integer (§1.5.5).</summary>
    private static int VariableSize(long value) => value switch
    {
        < 1 << 7 => 1,
        < 1 << 14 => 2,
        < 1 << 21 => 3,
        _ => 4,
    };
}
