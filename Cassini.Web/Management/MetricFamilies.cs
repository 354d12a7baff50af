using System.Collections.Immutable;
using System.Text.Json;
using Cassini.Streams.Events;
using Cassini.Streams.Health;

namespace Cassini.Web.Management;

/// <summary>The metric families of one snapshot: the same fold, the same revision as /healthz and the feed.</summary>
internal static class MetricFamilies
{
    private static readonly string[] Statuses = WordsOf<HealthStatus>();
    private static readonly string[] Phases = WordsOf<Phase>();
    private static readonly string[] EndpointStates = WordsOf<EndpointState>();
    private static readonly string[] HandshakeFailures = WordsOf<HandshakeFailure>();
    private static readonly string[] CloseReasons = WordsOf<SessionCloseReason>();
    private static readonly string[] Components = WordsOf<ComponentKind>();

    public static void AddHealth(PrometheusText text, HealthSnapshot snapshot)
    {
        text.Gauge("cassini_build_info", "The program's version; always 1.").Sample("cassini_build_info", "version", snapshot.Version, 1)
            .Gauge("cassini_up", "Whether the management surface answers; always 1.", 1)
            .Gauge("cassini_ready", "Whether /readyz answers 200.", snapshot.Ready ? 1 : 0)
            .Gauge("cassini_live", "Whether /livez answers 200.", snapshot.Live ? 1 : 0)
            .Gauge("cassini_health_revision", "The revision of the snapshot: that of /healthz and the feed.", snapshot.Revision)
            .Gauge("cassini_start_time_seconds", "When the process started, in seconds since 1970.", UnixSeconds(snapshot.StartedAt))
            .Gauge("cassini_uptime_seconds", "Seconds since the process started.", snapshot.UptimeSeconds);

        text.Gauge("cassini_health_status", "The overall status: 1 for the one that stands.");
        foreach (var status in (ReadOnlySpan<HealthStatus>)[HealthStatus.Ok, HealthStatus.Degraded, HealthStatus.Error])
        {
            text.Sample("cassini_health_status", "status", Statuses[(int)status], snapshot.Status == status ? 1 : 0);
        }

        text.Gauge("cassini_phase", "The phase of the process: 1 for the one that stands.");
        for (var i = 0; i < Phases.Length; i++)
        {
            text.Sample("cassini_phase", "phase", Phases[i], (int)snapshot.Phase == i ? 1 : 0);
        }

        AddChecks(text, snapshot);
    }

    public static void AddTraffic(PrometheusText text, HealthSnapshot snapshot)
    {
        var counts = snapshot.Counts;
        text.Counter("cassini_connections_accepted_total", "Connections accepted: handshaking, open and closed ones.", counts.Accepted)
            .Counter("cassini_connections_closed_total", "Connections that ended.", counts.Closed)
            .Gauge("cassini_connections", "Live connections by state.")
            .Sample("cassini_connections", "state", "handshaking", counts.Handshaking)
            .Sample("cassini_connections", "state", "open", counts.Open)
            .Counter("cassini_handshakes_completed_total", "TLS handshakes that succeeded.", counts.HandshakesCompleted);
        AddByWord(
            text, "cassini_handshakes_failed_total", "Connections that ended before they were open, by reason.", "reason",
            HandshakeFailures, counts.HandshakesFailed);
        text.Counter("cassini_sessions_opened_total", "Sessions opened.", counts.SessionsOpened);
        AddByWord(text, "cassini_sessions_closed_total", "Sessions closed, by reason.", "reason", CloseReasons, counts.SessionsClosed);
        text.Counter("cassini_received_bytes_total", "Application bytes read from clients, as of the last sample.", counts.BytesReceived)
            .Counter("cassini_sent_bytes_total", "Application bytes written to clients, as of the last sample.", counts.BytesSent)
            .Gauge("cassini_backlog_messages", "Messages accepted and not yet delivered.", snapshot.Backlog)
            .Gauge("cassini_topics", "Topics.", snapshot.Topics.Count);
        if (snapshot.LastConnection is { } last)
        {
            text.Gauge("cassini_last_connection_time_seconds", "When the last connection was accepted, in seconds since 1970.", UnixSeconds(last));
        }
    }

    public static void AddFaults(PrometheusText text, HealthSnapshot snapshot)
    {
        var counts = snapshot.Counts;
        text.Gauge("cassini_endpoints", "Endpoints by state.");
        for (var i = 0; i < EndpointStates.Length; i++)
        {
            text.Sample("cassini_endpoints", "state", EndpointStates[i], snapshot.Endpoints.Count(endpoint => (int)endpoint.State == i));
        }

        text.Counter("cassini_bind_failures_total", "Failed attempts to bind an endpoint.", counts.BindFailures)
            .Counter("cassini_accept_failures_total", "Failed attempts to accept a connection.", counts.AcceptFailures);
        AddByWord(text, "cassini_crashes_total", "Crashes of supervised components, by kind.", "component", Components, counts.Crashes);
        text.Counter("cassini_restarts_total", "Restarts after a crash.", counts.Restarts)
            .Counter("cassini_quarantines_total", "Identities put into quarantine.", counts.Quarantines)
            .Counter("cassini_canary_runs_total", "Round trips of the canary, by result.")
            .Sample("cassini_canary_runs_total", "result", "success", counts.CanarySuccesses)
            .Sample("cassini_canary_runs_total", "result", "failure", counts.CanaryFailures)
            .Counter("cassini_health_transitions_total", "Transitions of health checks.", counts.Transitions)
            .Counter("cassini_event_anomalies_total", "Events that broke a connection's life cycle; always 0 unless there is a bug.", counts.Anomalies);
    }

    public static void AddEvents(PrometheusText text, EventHub hub) => text
        .Counter("cassini_events_total", "Events told since the process started.", hub.Log.Newest)
        .Counter("cassini_events_late_total", "Events told after the end; always 0 unless there is a bug.", hub.LateEvents)
        .Counter("cassini_fold_faults_total", "Exceptions of the folds of events; always 0 unless there is a bug.", hub.FoldFaults)
        .Gauge("cassini_event_log_events", "Events that the feed can still resume from.", hub.Log.Newest - hub.Log.Oldest + 1)
        .Gauge("cassini_event_log_capacity_events", "Events that the log keeps at most.", hub.Log.Capacity);

    public static void AddFeeds(PrometheusText text, FeedRegistry feeds, ProbeWaits waits)
    {
        text.Gauge("cassini_feed_subscribers", "Open feeds.", feeds.Count)
            .Counter("cassini_feed_messages_sent_total", "Messages sent to all feeds.", feeds.Sent)
            .Counter("cassini_feed_refused_total", "Subscribers refused because too many were open.", feeds.Refused)
            .Counter("cassini_feed_resets_total", "Feeds that could not go on where they were, by reason.");
        foreach (var reason in (ReadOnlySpan<string>)ResetAnswer.Reasons)
        {
            text.Sample("cassini_feed_resets_total", "reason", reason, feeds.Resets.GetValueOrDefault(reason));
        }

        text.Gauge("cassini_probe_waits", "Long polls that are held back.", waits.Count);
    }

    private static void AddChecks(PrometheusText text, HealthSnapshot snapshot)
    {
        text.Gauge("cassini_check_status", "The status of each health check: 1 for the one that stands.");
        foreach (var check in snapshot.Checks)
        {
            for (var i = 0; i < Statuses.Length; i++)
            {
                text.Sample("cassini_check_status", "check", check.Name, "status", Statuses[i], (int)check.Status == i ? 1 : 0);
            }
        }

        text.Gauge("cassini_check_flapping", "Whether a health check changed too often of late.");
        foreach (var check in snapshot.Checks)
        {
            text.Sample("cassini_check_flapping", "check", check.Name, check.Flapping ? 1 : 0);
        }
    }

    private static void AddByWord(
        PrometheusText text, string name, string help, string label, string[] words, ImmutableArray<long> counts)
    {
        text.Counter(name, help);
        for (var i = 0; i < words.Length; i++)
        {
            text.Sample(name, label, words[i], counts[i]);
        }
    }

    private static double UnixSeconds(DateTimeOffset time) => time.ToUnixTimeMilliseconds() / 1000.0;

    private static string[] WordsOf<T>()
        where T : struct, Enum => [.. Enum.GetNames<T>().Select(JsonNamingPolicy.CamelCase.ConvertName)];
}
