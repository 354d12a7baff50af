using System.Text;
using System.Text.Json;
using Cassini.Streams.Events;
using Cassini.Streams.Health;
using Cassini.Streams.Store.History;

namespace Cassini.Management.Probes;

/// <summary>
/// The snapshot's serialized forms, made once for each snapshot: a request copies bytes. Two threads that meet a new
/// snapshot at once both make them, and the last one stays: harmless, and no lock.
/// </summary>
/// <param name="name">The broker's name, which each form states.</param>
/// <param name="feedHeartbeat">The longest silence of a healthy feed, which each JSON form states.</param>
/// <param name="history">The events on disk, whose retention each JSON form states; null when none are kept there.</param>
internal sealed class SnapshotBodies(string name, TimeSpan feedHeartbeat, IEventHistory? history = null)
{
    private volatile Bodies? _latest;

    public Bodies Of(HealthSnapshot snapshot)
    {
        var latest = _latest;
        if (latest is null || !ReferenceEquals(latest.Snapshot, snapshot))
        {
            latest = new Bodies(this, snapshot);
            _latest = latest;
        }

        return latest;
    }

    /// <summary>One line of JSON: the body of /healthz, for a snapshot that only one request asks for.</summary>
    public byte[] Serialize(HealthSnapshot snapshot) =>
        JsonSerializer.SerializeToUtf8Bytes(
            snapshot with
            {
                Name = name,
                HeartbeatSeconds = feedHeartbeat.TotalSeconds,
                Log = snapshot.Log with { History = history is null ? null : RangeOf(history) },
            },
            HealthJson.Snapshot);

    /// <summary>The body as <c>application/health+json</c>.</summary>
    /// <param name="snapshot">The snapshot.</param>
    /// <param name="status">Its status, which differs from the snapshot's own when checks are excluded.</param>
    public byte[] SerializeFormat(HealthSnapshot snapshot, HealthStatus status) =>
        JsonSerializer.SerializeToUtf8Bytes(HealthFormat.Of(name, snapshot, status), ProbeJson.Format);

    private static HistoryRange RangeOf(IEventHistory history)
    {
        var (options, status) = (history.Options, history.Status);
        return new HistoryRange(
            status.OldestId, HistoryText.TimeOf(status.OldestTime), options.MaxAge.TotalSeconds, options.MaxBytes,
            status.Bytes, status.Lost, status.Problem);
    }

    internal sealed class Bodies(SnapshotBodies owner, HealthSnapshot snapshot)
    {
        public HealthSnapshot Snapshot => snapshot;

        /// <summary>One line of JSON: the body of /healthz.</summary>
        public byte[] Json => field ??= owner.Serialize(snapshot);

        /// <summary>The same with what /readyz and /livez say: a feed's subscriber must not have to ask them too.</summary>
        public byte[] FeedJson => field ??=
        [
            .. Json.AsSpan(0, Json.Length - 1),
            .. Encoding.UTF8.GetBytes($",\"ready\":{Word(snapshot.Ready)},\"live\":{Word(snapshot.Live)}}}"),
        ];

        public byte[] HealthFormat => field ??= owner.SerializeFormat(snapshot, snapshot.Status);

        private static string Word(bool value) => value ? "true" : "false";
    }
}
