using Cassini.Streams.Events;

namespace Cassini.Management.Telemetry;

/// <summary>Endpoints, supervision and the canary.</summary>
internal static class FaultInstruments
{
    private static readonly string[] EndpointStates = Words.Of<EndpointState>();

    public static void AddTo(Instruments instruments) => instruments
        .Gauge("cassini.endpoints", "{endpoint}", "Endpoints by state.", r =>
            EndpointStates.Select(
                (word, i) => Instruments.Of((double)r.Snapshot.Endpoints.Count(endpoint => (int)endpoint.State == i), "state", word)))
        .Counter("cassini.bind_failures", "{failure}", "Failed attempts to bind an endpoint.", r => r.Snapshot.Counts.BindFailures)
        .Counter("cassini.accept_failures", "{failure}", "Failed attempts to accept a connection.", r => r.Snapshot.Counts.AcceptFailures)
        .Counter(
            "cassini.crashes", "{crash}", "Crashes of supervised components, by kind.", "component",
            Words.Of<ComponentKind>(), r => r.Snapshot.Counts.Crashes)
        .Counter("cassini.restarts", "{restart}", "Restarts after a crash.", r => r.Snapshot.Counts.Restarts)
        .Counter("cassini.quarantines", "{quarantine}", "Identities put into quarantine.", r => r.Snapshot.Counts.Quarantines)
        .Counter("cassini.canary.runs", "{run}", "Round trips of the canary, by result.", r =>
        [
            Instruments.Of(r.Snapshot.Counts.CanarySuccesses, "result", "success"),
            Instruments.Of(r.Snapshot.Counts.CanaryFailures, "result", "failure"),
        ])
        .Counter(
            "cassini.event_anomalies", "{event}", "Events that broke a connection's life cycle; always 0 unless there is a bug.",
            r => r.Snapshot.Counts.Anomalies);
}
