using System.Globalization;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Broker.Sessions;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Quotas;

namespace Cassini.Streams.Broker.Upkeep;

/// <summary>
/// Publishes statistics for MQTT clients, retained under <c>$SYS/broker</c> with the names that other brokers use. A value that has not
/// changed is not published again. Run by the housekeeper.
/// </summary>
/// <param name="version">The version of the broker.</param>
/// <param name="sessions">The sessions.</param>
/// <param name="tree">The subscriptions.</param>
/// <param name="retained">The retained messages.</param>
/// <param name="topics">The topics in use.</param>
/// <param name="budget">The broker's memory.</param>
/// <param name="counters">What the broker counts.</param>
/// <param name="publisher">Publishes the values.</param>
/// <param name="time">The clock.</param>
internal sealed class SysTopics(
    string version,
    SessionTable sessions,
    SubscriptionTree tree,
    RetainedMessages retained,
    TopicTable topics,
    MemoryBudget budget,
    BrokerCounters counters,
    ServerPublisher publisher,
    TimeProvider time)
{
    private const string Prefix = "$SYS/broker/";

    private readonly Dictionary<string, string> _published = [];
    private readonly long _startedAt = time.GetTimestamp();
    private readonly LoadAverages _loads = new(
        time,
        ("messages/received", () => counters.PacketsReceived),
        ("messages/sent", () => counters.PacketsSent),
        ("publish/received", () => counters.PublishReceived),
        ("publish/sent", () => counters.PublishSent),
        ("publish/dropped", () => counters.Dropped),
        ("bytes/received", () => counters.BytesReceived),
        ("bytes/sent", () => counters.BytesSent));

    public void Publish()
    {
        var (open, total) = (sessions.Open, sessions.Count);
        Publish("version", $"Cassini {version}");
        Publish("uptime", (long)time.GetElapsedTime(_startedAt).TotalSeconds);
        Publish("clients/connected", open);
        Publish("clients/disconnected", Math.Max(0, total - open));
        Publish("clients/total", total);
        Publish("clients/maximum", sessions.Peak);
        Publish("clients/expired", counters.SessionsEnded(SessionEndReason.Expired));
        Publish("subscriptions/count", tree.Count);
        Publish("retained messages/count", retained.Count);
        Publish("topics/count", topics.Count);
        Publish("store/messages/bytes", budget.Used);
        PublishTraffic();
        foreach (var (name, perMinute) in _loads.Update())
        {
            Publish($"load/{name}", perMinute.ToString("0.00", CultureInfo.InvariantCulture));
        }
    }

    private void PublishTraffic()
    {
        Publish("bytes/received", counters.BytesReceived);
        Publish("bytes/sent", counters.BytesSent);
        Publish("messages/received", counters.PacketsReceived);
        Publish("messages/sent", counters.PacketsSent);
        Publish("publish/bytes/received", counters.PayloadReceived);
        Publish("publish/bytes/sent", counters.PayloadSent);
        Publish("publish/messages/received", counters.PublishReceived);
        Publish("publish/messages/sent", counters.PublishSent);
        Publish("publish/messages/dropped", counters.Dropped);
        Publish("publish/messages/expired", counters.Expired);
        Publish("publish/denied", counters.Denied);
    }

    private void Publish(string name, long value) => Publish(name, value.ToString(CultureInfo.InvariantCulture));

    private void Publish(string name, string value)
    {
        if (_published.GetValueOrDefault(name) != value)
        {
            _published[name] = value;
            publisher.PublishSystem(MqttText.Encode(Prefix + name), MqttText.Encode(value), QualityOfService.AtMostOnce);
        }
    }
}
