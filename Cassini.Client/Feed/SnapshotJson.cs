using System.Text.Json;
using Cassini.Streams.Events;
using Cassini.Streams.Health;

namespace Cassini.Streams.Feed;

/// <summary>Reads a feed's snapshot: the body of /healthz, and also <c>ready</c> and <c>live</c>.</summary>
internal static class SnapshotJson
{
    /// <returns>Null when it is not a snapshot.</returns>
    public static HealthSnapshot? Read(byte[] data)
    {
        try
        {
            var verdicts = JsonSerializer.Deserialize(data, ProbeVerdictsJsonContext.Default.ProbeVerdicts);
            var snapshot = JsonSerializer.Deserialize(data, HealthJson.Snapshot);
            return snapshot is null || verdicts is null || !IsWhole(snapshot) || !EventId.TryParse(snapshot.Log.NewestId, out var newest)
                ? null
                : snapshot with { Ready = verdicts.Ready, Live = verdicts.Live, Through = newest.Sequence };
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Rejects a null where none is allowed, because the serializer accepts it.</summary>
    private static bool IsWhole(HealthSnapshot snapshot) =>
        snapshot is { Epoch: not null, Version: not null, Topics: { Names.IsDefault: false }, Broker: not null, Log: not null }
        && !snapshot.Endpoints.IsDefault && snapshot.Endpoints.All(endpoint => endpoint is { Address: not null })
        && !snapshot.Checks.IsDefault && snapshot.Checks.All(check => check is { Name: not null, Evidence.IsDefault: false })
        && Epoch.TryParse(snapshot.Epoch, out _) && snapshot.HeartbeatSeconds is { } silence && double.IsFinite(silence);
}
