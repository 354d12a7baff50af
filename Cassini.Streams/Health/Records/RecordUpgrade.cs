using System.Text.Json;
using System.Text.Json.Nodes;
using Cassini.Streams.Events;
using Cassini.Streams.Health.Folding;

namespace Cassini.Streams.Health.Records;

/// <summary>
/// Gives a header of the version before the parts that it did not have, as they are before the first evidence: so a program's last records
/// can still be replayed with the next one.
/// </summary>
internal static class RecordUpgrade
{
    /// <summary>The version that is upgraded: it has no capacity.</summary>
    public const int From = 2;

    private static readonly JsonElement Blank = MakeBlank();

    /// <exception cref="JsonException">It has no policy or no state to add to.</exception>
    public static JsonElement Upgrade(JsonElement header)
    {
        var upgraded = JsonNode.Parse(header.GetRawText())!.AsObject();
        Add(upgraded, "policy", "CapacityHigh");
        Add(upgraded, "state.facts", "capacity");
        Add(upgraded, "state.checks", "capacity");
        using var written = JsonDocument.Parse(upgraded.ToJsonString());
        return written.RootElement.Clone();
    }

    private static void Add(JsonObject header, string place, string name)
    {
        var (part, blank) = ((JsonNode)header, Blank);
        foreach (var step in place.Split('.'))
        {
            part = part is JsonObject parent && parent[step] is { } child ? child : throw new JsonException($"{place}: missing");
            blank = blank.GetProperty(step);
        }

        var whole = part as JsonObject ?? throw new JsonException($"{place}: not an object");
        whole[name] = JsonNode.Parse(blank.GetProperty(name).GetRawText());
    }

    private static JsonElement MakeBlank()
    {
        var policy = new HealthPolicy();
        var state = HealthState.Initial(Epoch.StartingAt(DateTimeOffset.UnixEpoch), DateTimeOffset.UnixEpoch, policy);
        using var header = JsonDocument.Parse(RecordHeader.Write(state, DateTimeOffset.UnixEpoch, "", policy));
        return header.RootElement.Clone();
    }
}
