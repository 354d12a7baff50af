using Cassini.Streams.Events;
using Cassini.Streams.Health;

namespace Cassini.Management.Telemetry;

/// <summary>What the snapshot says: the same fold, the same revision as /healthz and the feed.</summary>
internal static class HealthInstruments
{
    private static readonly string[] Statuses = Words.Of<HealthStatus>();
    private static readonly string[] Phases = Words.Of<Phase>();
    private static readonly string[] ReasonCodes = [.. Reasons.All.Order(StringComparer.Ordinal)];

    public static void AddTo(Instruments instruments)
    {
        instruments
            .Gauge(
                "cassini.build_info", null, "The program's version; always 1.",
                r => [Instruments.Of(1.0, "version", r.Snapshot.Version)])
            .Gauge("cassini.up", null, "Whether the management surface answers; always 1.", _ => 1)
            .Gauge("cassini.ready", null, "Whether /readyz answers 200.", r => r.Snapshot.Ready ? 1 : 0)
            .Gauge("cassini.live", null, "Whether /livez answers 200.", r => r.Snapshot.Live ? 1 : 0)
            .Gauge(
                "cassini.health.revision", null, "The revision of the snapshot: that of /healthz and the feed.",
                r => r.Snapshot.Revision)
            .Gauge("cassini.start_time", "s", "When the process started, in seconds since 1970.", r => UnixSeconds(r.Snapshot.StartedAt))
            .Gauge("cassini.uptime", "s", "Seconds since the process started.", r => r.Snapshot.UptimeSeconds)
            .Gauge("cassini.health.status", null, "The overall status: 1 for the current one.", r =>
                from status in (HealthStatus[])[HealthStatus.Ok, HealthStatus.Degraded, HealthStatus.Error]
                select Instruments.Of(r.Snapshot.Status == status ? 1.0 : 0, "status", Statuses[(int)status]))
            .OneOf("cassini.phase", "The phase of the process: 1 for the current one.", "phase", Phases, r => (int)r.Snapshot.Phase);
        AddChecks(instruments);
        AddCertificates(instruments);
    }

    public static double UnixSeconds(DateTimeOffset time) => time.ToUnixTimeMilliseconds() / 1000.0;

    private static void AddChecks(Instruments instruments) => instruments
        .Gauge("cassini.check.status", null, "The status of each health check: 1 for the current one.", r =>
            from check in r.Snapshot.Checks
            from status in Enumerable.Range(0, Statuses.Length)
            select Instruments.Of((int)check.Status == status ? 1.0 : 0, "check", check.Name, "status", Statuses[status]))
        .Gauge("cassini.check.reason", null, "Whether a health check gives this reason.", r =>
            from reason in ReasonCodes
            select Instruments.Of(r.Snapshot.Checks.Any(check => check.Reason == reason) ? 1.0 : 0, "reason", reason))
        .Gauge("cassini.check.flapping", null, "Whether a health check changed too often recently.", r =>
            r.Snapshot.Checks.Select(check => Instruments.Of(check.Flapping ? 1.0 : 0, "check", check.Name)))
        .Counter("cassini.health.transitions", "{transition}", "Transitions of health checks.", r => r.Snapshot.Counts.Transitions);

    private static void AddCertificates(Instruments instruments) => instruments
        .Gauge(
            "cassini.certificate.not_after.timestamp",
            "s",
            "Until when a certificate or revocation list is valid, in seconds since 1970; of several CAs, the last of those valid now.",
            r => r.Snapshot.Certificates.Where(certificate => certificate.Decides).Select(certificate =>
                Instruments.Of(UnixSeconds(certificate.NotAfter), "role", Words.Of(certificate.Role))));
}
