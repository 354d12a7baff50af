using System.Globalization;
using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Broker.Upkeep;

/// <summary>
/// Statistics for MQTT clients, retained under <c>$SYS/broker</c> with the names that other brokers use. What has not changed is
/// not published again. For the housekeeper.
/// </summary>
internal sealed class SysTopics(BrokerCore core)
{
    private const string Prefix = "$SYS/broker/";

    private readonly Dictionary<string, string> _published = [];
    private readonly long _startedAt = core.Time.GetTimestamp();

    public void Publish(string version)
    {
        var sessions = core.Sessions;
        var counters = core.Counters;
        Publish("version", $"Cassini {version}");
        Publish("uptime", (long)core.Time.GetElapsedTime(_startedAt).TotalSeconds);
        Publish("clients/connected", sessions.Open);
        Publish("clients/disconnected", Math.Max(0, sessions.Count - sessions.Open));
        Publish("clients/total", sessions.Count);
        Publish("clients/maximum", sessions.Peak);
        Publish("messages/received", counters.PacketsReceived);
        Publish("publish/messages/received", counters.PublishReceived);
        Publish("publish/messages/sent", counters.PublishSent);
        Publish("publish/messages/dropped", counters.Dropped);
        Publish("publish/messages/expired", counters.Expired);
        Publish("publish/denied", counters.Denied);
        Publish("bytes/sent", counters.BytesSent);
        Publish("subscriptions/count", core.Tree.Count);
        Publish("retained messages/count", core.Retained.Count);
        Publish("topics/count", core.Topics.Count);
        Publish("store/messages/bytes", core.Budget.Used);
    }

    private void Publish(string name, long value) => Publish(name, value.ToString(CultureInfo.InvariantCulture));

    private void Publish(string name, string value)
    {
        if (_published.GetValueOrDefault(name) != value)
        {
            _published[name] = value;
            core.Publish(
                MqttText.Encode(Prefix + name), MqttText.Encode(value), default, expiry: null, QualityOfService.AtMostOnce, retain: true);
        }
    }
}
