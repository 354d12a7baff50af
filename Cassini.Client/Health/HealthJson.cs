using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Cassini.Streams.Events;

namespace Cassini.Streams.Health;

/// <summary>The JSON form of health: camelCase names, enums as camelCase words, UTC times with milliseconds.</summary>
public static class HealthJson
{
    /// <summary>Reads and writes <see cref="HealthSnapshot"/>, the body of <c>GET /healthz</c>.</summary>
    public static JsonTypeInfo<HealthSnapshot> Snapshot => HealthJsonContext.Default.HealthSnapshot;

    /// <summary>The same conventions for other types that are written with the snapshot.</summary>
    internal static JsonSerializerOptions Options => HealthJsonContext.Default.Options;
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    Converters =
    [
        typeof(CamelCaseEnum<HealthStatus>), typeof(CamelCaseEnum<Phase>), typeof(CamelCaseEnum<EndpointState>),
        typeof(CamelCaseEnum<Connectivity>), typeof(CamelCaseEnum<CertificateRole>), typeof(CamelCaseEnum<HandshakeFailure>),
        typeof(UtcMilliseconds),
    ])]
[JsonSerializable(typeof(HealthSnapshot))]
internal sealed partial class HealthJsonContext : JsonSerializerContext;
