using System.Text.Json;
using System.Text.Json.Nodes;
using Cassini.Streams.Events;
using Cassini.Streams.Health.Folding;

namespace Cassini.Streams.Health.Records;

/// <summary>
/// Adds to a header of the version before what that version did not have, so that its record still gives the transitions that were
/// recorded.
/// </summary>
internal static class RecordUpgrade
{
    /// <summary>The version that it reads.</summary>
    public const int From = 2;

    private static readonly JsonElement Blank = MakeBlank();

    /// <summary>The same header with everything that the present version has.</summary>
    /// <exception cref="InvalidOperationException">A part that is needed is no object.</exception>
    public static JsonElement Upgrade(JsonElement header)
    {
        var upgraded = JsonObject.Create(header)!;
        AddHandshakes(upgraded);
        AddCapacity(upgraded);
        using var json = JsonDocument.Parse(upgraded.ToJsonString());
        return json.RootElement.Clone();
    }

    /// <summary>Handshakes had no addresses: all that were refused count, as they did then.</summary>
    private static void AddHandshakes(JsonObject header)
    {
        if (header["policy"] is JsonObject policy)
        {
            policy[nameof(HealthPolicy.HandshakesPerAddress)] = new HealthPolicy().HandshakesPerAddress;
        }

        if (header["state"]?["facts"]?["handshakes"] is JsonObject handshakes)
        {
            handshakes["addresses"] = new JsonArray();
            handshakes["others"] = handshakes["window"]?.DeepClone();
        }
    }

    /// <summary>There was no check of capacity: it begins without a sample.</summary>
    private static void AddCapacity(JsonObject header)
    {
        const string Name = CheckNames.Capacity;
        if (header["policy"] is JsonObject policy)
        {
            policy[nameof(HealthPolicy.CapacityHigh)] = new HealthPolicy().CapacityHigh;
        }

        foreach (var part in (ReadOnlySpan<string>)["facts", "checks"])
        {
            if (header["state"]?[part] is JsonObject found)
            {
                found[Name] = JsonNode.Parse(Blank.GetProperty("state").GetProperty(part).GetProperty(Name).GetRawText());
            }
        }
    }

    /// <summary>The header before the first event.</summary>
    private static JsonElement MakeBlank()
    {
        var policy = new HealthPolicy();
        var state = HealthState.Initial(Epoch.StartingAt(DateTimeOffset.UnixEpoch), DateTimeOffset.UnixEpoch, policy);
        using var header = JsonDocument.Parse(RecordHeader.Write(state, DateTimeOffset.UnixEpoch, "", policy));
        return header.RootElement.Clone();
    }
}
