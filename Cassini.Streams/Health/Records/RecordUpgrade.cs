using System.Text.Json;
using System.Text.Json.Nodes;

namespace Cassini.Streams.Health.Records;

/// <summary>
/// Adds to a header of the version before what that version did not have, so that its record still gives the transitions that were
/// recorded.
/// </summary>
internal static class RecordUpgrade
{
    /// <summary>The version that it reads.</summary>
    public const int From = 2;

    /// <summary>The same header with everything that the present version has.</summary>
    /// <exception cref="InvalidOperationException">A part that is needed is no object.</exception>
    public static JsonElement Upgrade(JsonElement header)
    {
        var upgraded = JsonObject.Create(header)!;
        AddHandshakes(upgraded);
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
}
