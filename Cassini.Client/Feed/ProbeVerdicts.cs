using System.Text.Json.Serialization;

namespace Cassini.Streams.Feed;

/// <summary>The verdicts of /readyz and /livez in a feed's snapshot.</summary>
/// <param name="Ready">Whether new clients can be served.</param>
/// <param name="Live">Whether the process should keep running.</param>
internal sealed record ProbeVerdicts([property: JsonRequired] bool Ready, [property: JsonRequired] bool Live);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(ProbeVerdicts))]
internal sealed partial class ProbeVerdictsJsonContext : JsonSerializerContext;
