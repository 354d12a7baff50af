using System.Text.Json;
using Cassini.Streams.Health;

namespace Cassini.Web.Management;

/// <summary>
/// The snapshot's serialized forms, made once for each snapshot: a request copies bytes. Two threads that meet a new
/// snapshot at once both make them, and the last one stays: harmless, and no lock.
/// </summary>
internal sealed class SnapshotBodies
{
    private volatile Bodies? _latest;

    public Bodies Of(HealthSnapshot snapshot)
    {
        var latest = _latest;
        if (latest is null || !ReferenceEquals(latest.Snapshot, snapshot))
        {
            latest = new Bodies(snapshot);
            _latest = latest;
        }

        return latest;
    }

    internal sealed class Bodies(HealthSnapshot snapshot)
    {
        public HealthSnapshot Snapshot => snapshot;

        /// <summary>One line of JSON: the body of /healthz and the data of a feed's snapshot.</summary>
        public byte[] Json => field ??= JsonSerializer.SerializeToUtf8Bytes(snapshot, HealthJson.Snapshot);

        public byte[] HealthFormat =>
            field ??= JsonSerializer.SerializeToUtf8Bytes(Management.HealthFormat.Of(snapshot, snapshot.Status), ManagementJson.HealthFormat);
    }
}
