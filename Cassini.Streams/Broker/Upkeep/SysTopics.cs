using System.Globalization;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Broker.Upkeep;

/// <summary>
/// Publishes statistics for MQTT clients, retained under <c>$SYS/broker</c> with the names that other brokers use. A value that has not
/// changed is not published again. Run by the housekeeper.
/// </summary>
/// <param name="version">The version of the broker.</param>
/// <param name="statistics">Reads what the broker counts.</param>
/// <param name="publisher">Publishes the values.</param>
/// <param name="time">The clock.</param>
internal sealed class SysTopics(string version, Func<BrokerStatistics> statistics, ServerPublisher publisher, TimeProvider time)
{
    private const string Prefix = "$SYS/broker/";

    private readonly Dictionary<string, string> _published = [];
    private readonly long _startedAt = time.GetTimestamp();

    public void Publish()
    {
        var now = statistics();
        Publish("version", $"Cassini {version}");
        Publish("uptime", (long)time.GetElapsedTime(_startedAt).TotalSeconds);
        Publish("clients/connected", now.OpenSessions);
        Publish("clients/disconnected", Math.Max(0, now.Sessions - now.OpenSessions));
        Publish("clients/total", now.Sessions);
        Publish("clients/maximum", now.PeakSessions);
        Publish("messages/received", now.PacketsReceived);
        Publish("publish/messages/received", now.PublishReceived);
        Publish("publish/messages/sent", now.PublishSent);
        Publish("publish/messages/dropped", now.Dropped);
        Publish("publish/messages/expired", now.Expired);
        Publish("publish/denied", now.Denied);
        Publish("bytes/sent", now.BytesSent);
        Publish("subscriptions/count", now.Subscriptions);
        Publish("retained messages/count", now.RetainedMessages);
        Publish("topics/count", now.Topics);
        Publish("store/messages/bytes", now.QueuedBytes);
    }

    private void Publish(string name, long value) => Publish(name, value.ToString(CultureInfo.InvariantCulture));

    private void Publish(string name, string value)
    {
        if (_published.GetValueOrDefault(name) != value)
        {
            _published[name] = value;
            publisher.Publish(
                MqttText.Encode(Prefix + name), MqttText.Encode(value), default, expiry: null, QualityOfService.AtMostOnce, retain: true);
        }
    }
}
