using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Cassini.Management.Http;
using Cassini.Streams.Health;

namespace Cassini.Management.Probes;

/// <summary>The JSON of the probes' answers that are not the whole snapshot.</summary>
internal static class ProbeJson
{
    public static JsonTypeInfo<ProbeReport> Report { get; } = ManagementJson.Of<ProbeReport>(ProbeJsonContext.Default);

    public static JsonTypeInfo<CheckHealth> Check { get; } = ManagementJson.Of<CheckHealth>(ProbeJsonContext.Default);

    public static JsonTypeInfo<HealthFormat> Format { get; } = ManagementJson.Of<HealthFormat>(ProbeJsonContext.Default);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ProbeReport))]
[JsonSerializable(typeof(HealthFormat))]
internal sealed partial class ProbeJsonContext : JsonSerializerContext;
