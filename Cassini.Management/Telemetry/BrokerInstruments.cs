using Cassini.Streams.Broker.Model;
using Cassini.Streams.Events;

namespace Cassini.Management.Telemetry;

/// <summary>The MQTT broker's own counters, as of the collection.</summary>
internal static class BrokerInstruments
{
    public static void AddTo(Instruments instruments)
    {
        AddMessages(instruments);
        instruments
            .Counter("cassini.access_denied", "{request}", "Publishes and subscriptions that the access rules denied.", Of(s => s.Denied))
            .Counter(
                "cassini.protocol_violations", "{violation}", "Connections that ended because the client broke the protocol.",
                Of(s => s.ProtocolViolations))
            .Counter(
                "cassini.take_overs.delayed", "{connection}",
                "Connections that waited because several keep taking one client identifier from each other.", Of(s => s.DelayedTakeOvers))
            .Gauge("cassini.sessions", "{session}", "MQTT sessions: open with a client, or kept without one.", r =>
            [
                Instruments.Of((double)r.Broker!.OpenSessions, "state", "open"),
                Instruments.Of(Math.Max(0.0, r.Broker!.Sessions - r.Broker.OpenSessions), "state", "kept"),
            ])
            .Counter(
                "cassini.sessions.ended", "{session}", "MQTT sessions whose state was discarded, by reason.", r =>
                [
                    Instruments.Of(r.Broker!.SessionsEndedWithConnection, "reason", Words.Of(SessionEndReason.EndedWithConnection)),
                    Instruments.Of(r.Broker!.SessionsExpired, "reason", Words.Of(SessionEndReason.Expired)),
                    Instruments.Of(r.Broker!.SessionsDiscarded, "reason", Words.Of(SessionEndReason.CleanStart)),
                    Instruments.Of(r.Broker!.SessionsMoved, "reason", Words.Of(SessionEndReason.Moved)),
                    Instruments.Of(r.Broker!.SessionsEndedByOperator, "reason", Words.Of(SessionEndReason.Administrative)),
                ])
            .Counter(
                "cassini.sessions.refused", "{client}",
                "Clients refused because there were too many sessions, in all or of their identity.", Of(s => s.SessionsRefused))
            .Gauge("cassini.subscriptions", "{subscription}", "Subscriptions of all sessions.", Number(s => s.Subscriptions))
            .Gauge("cassini.retained.messages", "{message}", "Topics with a retained message.", Number(s => s.RetainedMessages))
            .Gauge(
                "cassini.queued.messages", "{message}", "Copies that wait for their subscriber or its acknowledgement.",
                Number(s => s.QueuedMessages))
            .Gauge("cassini.queued", "By", "Memory that queued, retained and outgoing messages take.", Number(s => s.QueuedBytes))
            .Gauge("cassini.queued.limit", "By", "Memory that they may take.", Number(s => s.MemoryLimit));
    }

    private static void AddMessages(Instruments instruments) => instruments
        .Counter("cassini.packets.received", "{packet}", "MQTT control packets read from clients.", Of(s => s.PacketsReceived))
        .Counter("cassini.messages.received", "{message}", "Messages that clients published.", Of(s => s.PublishReceived))
        .Counter("cassini.messages.sent", "{message}", "Copies of messages written to subscribers.", Of(s => s.PublishSent))
        .Counter(
            "cassini.messages.dropped", "{message}", "Copies dropped: the subscriber was too slow, or memory short.",
            Of(s => s.Dropped))
        .Counter(
            "cassini.messages.refused", "{message}",
            "Messages of clients that were not taken: there was no memory for them, or the store could not keep them.",
            Of(s => s.Refused))
        .Counter("cassini.messages.expired", "{message}", "Copies that expired before they could be sent.", Of(s => s.Expired))
        .Counter(
            "cassini.messages.too_large", "{message}", "Copies left out: the subscriber takes no packets of that size.",
            Of(s => s.TooLarge));

    private static Func<MetricsReading, long> Of(Func<BrokerStatistics, long> value) => reading => value(reading.Broker!);

    private static Func<MetricsReading, double> Number(Func<BrokerStatistics, double> value) => reading => value(reading.Broker!);
}
