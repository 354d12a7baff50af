using System.Collections.Immutable;
using Cassini.Streams.Events;
using Cassini.Streams.Fleet;
using Cassini.Streams.Health;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Cluster.Fleet;

/// <summary>Makes of a whole snapshot what other nodes and readers of the fleet get.</summary>
internal static class NodeDigest
{
    /// <param name="snapshot">The snapshot.</param>
    /// <param name="queues">For how many other nodes messages are kept, each as a session that is of no client.</param>
    public static FleetNodeHealth Of(HealthSnapshot snapshot, int queues = 0)
    {
        ImmutableArray<FailingCheck> failing =
        [
            .. snapshot.Checks.Where(check => check.Status is not (HealthStatus.Ok or HealthStatus.Off))
                .Select(check => new FailingCheck(check.Name, check.Status, check.Reason, Short(check.Message))),
        ];
        var worst = failing.MaxBy(check => check.Status);
        return new FleetNodeHealth
        {
            Status = snapshot.Status,
            Ready = snapshot.Ready,
            Reason = worst?.Reason,
            Message = worst?.Message,
            Phase = snapshot.Phase,
            Revision = snapshot.Revision,
            Failing = failing,
            Version = snapshot.Version,
            AsOf = snapshot.AsOf,
            UptimeSeconds = snapshot.UptimeSeconds,
            ActiveListeners = snapshot.ActiveListeners,
            Sessions = snapshot.Counts.OpenSessions,
            KeptSessions = KeptIn(snapshot, queues),
            Backlog = snapshot.Backlog,
            LastError = snapshot.LastError is { } error ? error with { Message = Short(error.Message)! } : null,
        };
    }

    /// <summary>Only what is on disk waits there also when the process is gone.</summary>
    private static long KeptIn(HealthSnapshot snapshot, int queues)
    {
        var all = snapshot.Store is null
            ? 0
            : snapshot.Capacity.Where(one => one.Resource == CapacityResource.Sessions).Sum(one => one.Used);
        return Math.Max(0, all - snapshot.Counts.OpenSessions - queues);
    }

    private static string? Short(string? text) => text is null ? null : SafeText.Cut(text, SafeText.Short);
}
