using System.Text.Json;
using System.Text.Json.Nodes;
using Cassini.Streams.Events;
using Cassini.Streams.Health.Folding;

namespace Cassini.Streams.Health.Records;

/// <summary>
/// Adds to a header of an older version what that version did not have, so that its record still gives the transitions that were
/// recorded.
/// </summary>
internal static class RecordUpgrade
{
    /// <summary>The oldest version that it reads.</summary>
    public const int From = 2;

    private static readonly JsonElement Blank = MakeBlank();

    /// <summary>The same header with everything that the present version has.</summary>
    /// <param name="header">The header.</param>
    /// <param name="version">Its version: at least <see cref="From"/>.</param>
    /// <exception cref="InvalidOperationException">A part that is needed is no object.</exception>
    public static JsonElement Upgrade(JsonElement header, int version)
    {
        var upgraded = JsonObject.Create(header)!;
        if (version < 3)
        {
            AddHandshakes(upgraded);
            AddCapacity(upgraded);
        }

        if (version < 4)
        {
            AddHolders(upgraded);
        }

        if (version < 5)
        {
            AddStore(upgraded);
        }

        if (version < 6)
        {
            AddCheck(upgraded, CheckNames.Configuration);
        }

        AddCheck(upgraded, CheckNames.Cluster);
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
        if (header["policy"] is JsonObject policy)
        {
            policy[nameof(HealthPolicy.CapacityHigh)] = new HealthPolicy().CapacityHigh;
        }

        AddCheck(header, CheckNames.Capacity);
    }

    /// <summary>There was no store.</summary>
    private static void AddStore(JsonObject header)
    {
        if (header["policy"] is JsonObject policy)
        {
            foreach (var added in (ReadOnlySpan<string>)[nameof(HealthPolicy.SlowCommit), nameof(HealthPolicy.StalledCommit)])
            {
                policy[added] = JsonNode.Parse(Blank.GetProperty("policy").GetProperty(added).GetRawText());
            }
        }

        AddCheck(header, CheckNames.Store);
    }

    /// <summary>A check that has seen nothing, and the facts that it judges, which have the same name.</summary>
    private static void AddCheck(JsonObject header, string name)
    {
        foreach (var part in (ReadOnlySpan<string>)["facts", "checks"])
        {
            if (header["state"]?[part] is JsonObject found)
            {
                found[name] = JsonNode.Parse(Blank.GetProperty("state").GetProperty(part).GetProperty(name).GetRawText());
            }
        }
    }

    /// <summary>Capacity had three parts, and the backlog was one number.</summary>
    private static void AddHolders(JsonObject header)
    {
        if (header["state"]?["facts"]?["capacity"] is JsonObject capacity)
        {
            foreach (var (_, resource) in capacity)
            {
                (resource as JsonObject)?.TryAdd("hadRoom", false);
            }

            var blank = Blank.GetProperty("state").GetProperty("facts").GetProperty("capacity");
            foreach (var added in (ReadOnlySpan<string>)["retained", "descriptors"])
            {
                capacity[added] = JsonNode.Parse(blank.GetProperty(added).GetRawText());
            }
        }

        if (header["state"]?["facts"]?["load"] is JsonObject load)
        {
            load["holder"] = null;
            load["held"] = 0;
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
