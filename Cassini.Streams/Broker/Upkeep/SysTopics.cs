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

    public async ValueTask PublishAsync()
    {
        var (open, total) = (sessions.Open, sessions.Count);
        await PublishAsync("version", $"Cassini {version}");
        await PublishAsync("uptime", (long)time.GetElapsedTime(_startedAt).TotalSeconds);
        await PublishAsync("clients/connected", open);
        await PublishAsync("clients/disconnected", Math.Max(0, total - open));
        await PublishAsync("clients/total", total);
        await PublishAsync("clients/maximum", sessions.Peak);
        await PublishAsync("clients/expired", counters.SessionsEnded(SessionEndReason.Expired));
        await PublishAsync("subscriptions/count", tree.Count);
        await PublishAsync("retained messages/count", retained.Count);
        await PublishAsync("topics/count", topics.Count);
        await PublishAsync("store/messages/bytes", budget.Used);
        await PublishTrafficAsync();
        foreach (var (name, perMinute) in _loads.Update())
        {
            await PublishAsync($"load/{name}", perMinute.ToString("0.00", CultureInfo.InvariantCulture));
        }
    }

    private async ValueTask PublishTrafficAsync()
    {
        await PublishAsync("bytes/received", counters.BytesReceived);
        await PublishAsync("bytes/sent", counters.BytesSent);
        await PublishAsync("messages/received", counters.PacketsReceived);
        await PublishAsync("messages/sent", counters.PacketsSent);
        await PublishAsync("publish/bytes/received", counters.PayloadReceived);
        await PublishAsync("publish/bytes/sent", counters.PayloadSent);
        await PublishAsync("publish/messages/received", counters.PublishReceived);
        await PublishAsync("publish/messages/sent", counters.PublishSent);
        await PublishAsync("publish/messages/dropped", counters.Dropped);
        await PublishAsync("publish/messages/expired", counters.Expired);
        await PublishAsync("publish/denied", counters.Denied);
    }

    private ValueTask PublishAsync(string name, long value) => PublishAsync(name, value.ToString(CultureInfo.InvariantCulture));

    private async ValueTask PublishAsync(string name, string value)
    {
        if (_published.GetValueOrDefault(name) != value)
        {
            _published[name] = value;
            await publisher.PublishSystemAsync(MqttText.Encode(Prefix + name), MqttText.Encode(value), QualityOfService.AtMostOnce);
        }
    }
}
