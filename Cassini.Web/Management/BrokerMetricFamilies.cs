using Cassini.Streams.Broker;

namespace Cassini.Web.Management;

/// <summary>The metric families of the MQTT broker: its own counters, as of this instant.</summary>
internal static class BrokerMetricFamilies
{
    public static void AddBroker(PrometheusText text, BrokerStatistics statistics) => text
        .Counter("cassini_packets_received_total", "MQTT control packets read from clients.", statistics.PacketsReceived)
        .Counter("cassini_messages_received_total", "Messages that clients published.", statistics.PublishReceived)
        .Counter("cassini_messages_sent_total", "Copies of messages written to subscribers.", statistics.PublishSent)
        .Counter("cassini_messages_dropped_total", "Copies dropped: the subscriber was too slow, or memory short.", statistics.Dropped)
        .Counter("cassini_messages_expired_total", "Copies that expired before they could be sent.", statistics.Expired)
        .Counter("cassini_access_denied_total", "Publishes and subscriptions that the access rules denied.", statistics.Denied)
        .Counter("cassini_protocol_violations_total", "Connections that ended since the client broke the protocol.", statistics.ProtocolViolations)
        .Gauge("cassini_sessions", "MQTT sessions: with a connection, or kept without one.")
        .Sample("cassini_sessions", "state", "connected", statistics.ConnectedSessions)
        .Sample("cassini_sessions", "state", "kept", Math.Max(0, statistics.Sessions - statistics.ConnectedSessions))
        .Gauge("cassini_subscriptions", "Subscriptions of all sessions.", statistics.Subscriptions)
        .Gauge("cassini_retained_messages", "Topics with a retained message.", statistics.RetainedMessages)
        .Gauge("cassini_queued_messages", "Copies that wait for their subscriber or its acknowledgement.", statistics.QueuedMessages)
        .Gauge("cassini_queued_bytes", "Memory that queued, retained and outgoing messages take.", statistics.QueuedBytes)
        .Gauge("cassini_queued_limit_bytes", "Memory that they may take.", statistics.MemoryLimit);
}
