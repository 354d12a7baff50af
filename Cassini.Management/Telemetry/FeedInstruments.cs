using System.Diagnostics.Metrics;

namespace Cassini.Management.Telemetry;

/// <summary>The event log and its readers.</summary>
internal static class FeedInstruments
{
    public static void AddTo(Instruments instruments)
    {
        AddEvents(instruments);
        instruments
            .Gauge("cassini.feed.subscribers", "{feed}", "Open feeds.", r => r.Feeds.Open)
            .Counter("cassini.feed.messages_sent", "{message}", "Messages sent to all feeds.", r => r.Feeds.Sent)
            .Counter("cassini.feed.refused", "{feed}", "Subscribers refused because too many were open.", r => r.Feeds.Refused)
            .Counter("cassini.feed.resets", "{reset}", "Feeds that could not go on where they were, by reason.", r =>
                ByReason(r.Feeds.Resets))
            .Counter("cassini.management.messages.published", "{message}", "Messages published over HTTP.", r => r.Messages.Published)
            .Gauge("cassini.management.message_streams", "{stream}", "Open streams of messages.", r => r.Messages.Streams)
            .Counter("cassini.management.messages.sent", "{message}", "Messages sent to all streams.", r => r.Messages.Sent)
            .Counter(
                "cassini.management.messages.dropped", "{message}", "Messages that readers of streams were too slow for.",
                r => r.Messages.Dropped)
            .Counter("cassini.management.refused", "{request}", "Requests and connections refused, by reason.", r => ByReason(r.Refused))
            .Gauge("cassini.probe_waits", "{request}", "Long polls that are held back.", r => r.Waits);
    }

    private static IEnumerable<Measurement<long>> ByReason(IEnumerable<KeyValuePair<string, long>> counts) =>
        counts.Select(count => Instruments.Of(count.Value, "reason", count.Key));

    private static void AddEvents(Instruments instruments) => instruments
        .Counter("cassini.events", "{event}", "Events published since the process started.", r => r.Events.Newest)
        .Counter("cassini.events.late", "{event}", "Events published after the end; always 0 unless there is a bug.", r => r.Events.Late)
        .Counter(
            "cassini.fold_faults", "{fault}", "Exceptions of the folds of events; always 0 unless there is a bug.",
            r => r.Events.FoldFaults)
        .Gauge(
            "cassini.event_log.events", "{event}", "Events that the feed can still resume from.",
            r => r.Events.Newest - r.Events.Oldest + 1)
        .Gauge("cassini.event_log.capacity.events", "{event}", "Events that the log keeps at most.", r => r.Events.Capacity)
        .Gauge(
            "cassini.history.written", null, "Whether events are written to disk: 0 when that fails or is switched off.",
            r => r.History.IsWritten ? 1 : 0)
        .Gauge("cassini.history.size", "By", "Size of the history on disk.", r => r.History.Bytes)
        .Counter("cassini.history.lost", "{event}", "Events that were not written to disk in time.", r => r.History.Lost)
        .Counter("cassini.history.failures", "{failure}", "Failed attempts to write events to disk.", r => r.History.Failures);
}
