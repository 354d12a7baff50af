using System.Collections.Immutable;
using Cassini.Streams.Events;
using Cassini.Streams.Health;
using Cassini.Streams.Health.Folding;
using Cassini.Streams.Health.Records;

namespace Cassini.Tests.Health.Records;

/// <summary>Records as a test makes them: bytes, and what comes of reading them.</summary>
internal static class RecordedRun
{
    public static byte[] Header(HealthState state, HealthPolicy? policy = null) =>
        RecordHeader.Write(state, Fold.Start, "1.2.3", policy ?? new HealthPolicy());

    public static byte[] Record(byte[] header, params IEnumerable<EventEnvelope> events) =>
        Lines([header, .. events.Select(EventJson.Serialize)]);

    public static byte[] Lines(params IEnumerable<byte[]> lines) => [.. lines.SelectMany(line => line.Append((byte)'\n'))];

    public static async Task<List<HealthRecordLine>> ReadAsync(byte[] record)
    {
        var lines = new List<HealthRecordLine>();
        await foreach (var line in HealthRecordReader.ReadAsync(new MemoryStream(record), TestContext.Current.CancellationToken))
        {
            lines.Add(line);
        }

        return lines;
    }

    /// <summary>The state that a header holds.</summary>
    public static HealthState StateOf(byte[] header)
    {
        using var json = System.Text.Json.JsonDocument.Parse(header);
        return RecordHeader.Read(json.RootElement, 1).State;
    }

    public static ImmutableArray<HealthChanged> Replay(this HealthReplay replay, IEnumerable<HealthRecordLine> lines) =>
        [.. lines.SelectMany(line => replay.Take(line)).Select(transition => transition.Change)];
}
