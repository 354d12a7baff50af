using Cassini.Streams.Events;

namespace Cassini.Management.Telemetry;

/// <summary>Connections, handshakes and sessions. None of them counts the canary.</summary>
internal static class TrafficInstruments
{
    public static void AddTo(Instruments instruments)
    {
        AddConnections(instruments);
        instruments
            .Counter("cassini.sessions.opened", "{session}", "Sessions opened: a client attached.", r => r.Snapshot.Counts.SessionsOpened)
            .Counter(
                "cassini.sessions.closed", "{session}", "Sessions closed because their client is gone, by reason.", "reason",
                Words.Of<CloseReason>(), r => r.Snapshot.Counts.SessionsClosed)
            .Counter(
                "cassini.received", "By", "Application bytes read from clients, as of the last sample.",
                r => r.Snapshot.Counts.BytesReceived)
            .Counter("cassini.sent", "By", "Application bytes written to clients, as of the last sample.", r => r.Snapshot.Counts.BytesSent)
            .Gauge("cassini.backlog.messages", "{message}", "Messages accepted and not yet delivered.", r => r.Snapshot.Backlog)
            .Gauge("cassini.topics", "{topic}", "Topics.", r => r.Snapshot.Topics.Count)
            .Gauge(
                "cassini.capacity.used", null, "How much of a limit is in use, as of the last sample or refusal; memory in bytes.",
                r => [.. r.Snapshot.Capacity.Select(use => Instruments.Of((double)use.Used, "resource", Words.Of(use.Resource)))])
            .Gauge(
                "cassini.capacity.limit", null, "The limit, as of the last sample or refusal; of memory in bytes.",
                r => [.. r.Snapshot.Capacity.Select(use => Instruments.Of((double)use.Limit, "resource", Words.Of(use.Resource)))])
            .Counter(
                "cassini.quota.refused", "{refusal}", "Times that an identity got no more, because of its own share.",
                r => r.OverQuota.Select(refused => Instruments.Of(refused.Value, "resource", refused.Key)));
    }

    private static void AddConnections(Instruments instruments) => instruments
        .Counter(
            "cassini.connections.accepted", "{connection}", "Connections accepted: handshaking, open and closed ones.",
            r => r.Snapshot.Counts.Accepted)
        .Counter(
            "cassini.connections.opened", "{connection}", "Connections that passed the handshake and were opened.",
            r => r.Snapshot.Counts.ConnectionsOpened)
        .Counter(
            "cassini.connections.closed", "{connection}", "Open connections that closed, by reason.", "reason",
            Words.Of<CloseReason>(), r => r.Snapshot.Counts.ConnectionsClosed)
        .Gauge("cassini.connections", "{connection}", "Live connections by state.", r =>
        [
            Instruments.Of((double)r.Snapshot.Counts.Handshaking, "state", "handshaking"),
            Instruments.Of((double)r.Snapshot.Counts.Open, "state", "open"),
        ])
        .Counter(
            "cassini.handshakes.completed", "{handshake}", "TLS handshakes that succeeded.",
            r => r.Snapshot.Counts.HandshakesCompleted)
        .Counter(
            "cassini.handshakes.failed", "{handshake}", "Connections that ended before they were open, by reason.", "reason",
            Words.Of<HandshakeFailure>(), r => r.Snapshot.Counts.HandshakesFailed)
        .Gauge("cassini.last_connection.time", "s", "When the last connection was accepted, in seconds since 1970.", r =>
            r.Snapshot.LastConnection is { } last ? [new(HealthInstruments.UnixSeconds(last))] : []);
}
