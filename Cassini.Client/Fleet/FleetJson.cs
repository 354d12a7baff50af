using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Cassini.Streams.Events;

namespace Cassini.Streams.Fleet;

/// <summary>The JSON form of the fleet, by the conventions of health. Unknown properties are ignored.</summary>
public static class FleetJson
{
    /// <summary>Reads and writes the body of <c>GET /fleet</c>, which is the message <c>snapshot</c> of its feed too.</summary>
    public static JsonTypeInfo<FleetSnapshot> Snapshot => FleetJsonContext.Default.FleetSnapshot;

    /// <summary>Reads and writes the messages <c>node</c>, <c>transition</c> and <c>tombstone</c>.</summary>
    public static JsonTypeInfo<FleetChange> Change => FleetJsonContext.Default.FleetChange;

    /// <summary>Reads and writes the body of <c>GET /fleet/NODE</c> for a node that is there.</summary>
    public static JsonTypeInfo<FleetNode> Node => FleetJsonContext.Default.FleetNode;

    /// <summary>Reads and writes the body of <c>GET /fleet/NODE</c> for a node that is gone.</summary>
    public static JsonTypeInfo<Tombstone> Tombstone => FleetJsonContext.Default.Tombstone;
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    Converters =
    [
        typeof(CamelCaseEnum<HealthStatus>), typeof(CamelCaseEnum<Phase>), typeof(CamelCaseEnum<FleetNodeState>),
        typeof(CamelCaseEnum<TombstoneReason>), typeof(CamelCaseEnum<FleetChangeKind>), typeof(UtcMilliseconds),
    ])]
[JsonSerializable(typeof(FleetSnapshot))]
[JsonSerializable(typeof(FleetChange))]
[JsonSerializable(typeof(FleetNode))]
[JsonSerializable(typeof(Tombstone))]
[JsonSerializable(typeof(FleetNodeHealth))]
internal sealed partial class FleetJsonContext : JsonSerializerContext;
