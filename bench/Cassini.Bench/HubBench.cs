using System.Reactive.Concurrency;
using Cassini.Streams.Events;
using Cassini.Streams.Events.Hub;
using Cassini.Streams.Health;
using Cassini.Streams.Health.Projection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cassini.Bench;

/// <summary>
/// The hub with fold, live table and log attached, fed by one thread with the life of a connection. The peer is the
/// same hub with nothing attached but its log.
/// </summary>
internal static class HubBench
{
    private const int Connections = 200_000;
    private const int EventsEach = 6;

    public static void Run()
    {
        Measure.Line($"hub: events per second on one thread, median of 5; life of a connection = {EventsEach} events");
        _ = One(attach: true);
        var with = Enumerable.Range(0, 5).Select(_ => One(attach: true)).ToArray();
        var without = Enumerable.Range(0, 5).Select(_ => One(attach: false)).ToArray();
        Report("with fold and live table", with);
        Report("log only", without);
        Measure.Line($"ratio: {Measure.Median(with.Select(run => run.Rate)) / Measure.Median(without.Select(run => run.Rate)):0.00}");
    }

    private static void Report(string name, (double Rate, double Bytes)[] runs) => Measure.Line(
        $"{name,-26} {Measure.Median(runs.Select(run => run.Rate)):N0} events/s, ",
        $"{Measure.Median(runs.Select(run => run.Bytes)):0} bytes/event (the event itself included)");

    private static (double Rate, double Bytes) One(bool attach)
    {
        var hub = new EventHub(TimeProvider.System);
        using var scheduler = new EventLoopScheduler();
        using var projection = attach
            ? new HealthProjection(hub, new HealthPolicy(), scheduler, "bench", NullLogger<HealthProjection>.Instance)
            : null;
        using var connections = attach ? new LiveConnections(hub) : null;
        hub.Publish(new ListenerConfigured("127.0.0.1:8883"));
        hub.Publish(new ListenerBound("127.0.0.1:8883", "127.0.0.1:8883"));
        hub.Publish(new PhaseEntered(Phase.Ready));

        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var elapsed = Measure.Time(() =>
        {
            for (long id = 1; id <= Connections; id++)
            {
                hub.Publish(new ConnectionAccepted(id, "127.0.0.1:8883", "127.0.0.1:40000"));
                hub.Publish(new HandshakeCompleted(id, "alice", "TLS 1.3", TimeSpan.FromMilliseconds(2)));
                hub.Publish(new ConnectionOpened(id, "alice"));
                hub.Publish(new SessionOpened(id, "client", "alice", "MQTT 5.0", SessionPresent: false));
                hub.Publish(new SessionClosed(id, "client", CloseReason.PeerClosed, TimeSpan.FromSeconds(1), Kept: true));
                hub.Publish(new ConnectionClosed(id, CloseReason.PeerClosed, TimeSpan.FromSeconds(1), 10, 10));
            }
        });
        const double Events = (double)Connections * EventsEach;
        return (Events / elapsed.TotalSeconds, (GC.GetAllocatedBytesForCurrentThread() - allocated) / Events);
    }
}
