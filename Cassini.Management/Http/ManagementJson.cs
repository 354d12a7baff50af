using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Cassini.Streams.Health;

namespace Cassini.Management.Http;

/// <summary>The JSON of the answers that are not the snapshot, by the snapshot's own conventions.</summary>
internal static class ManagementJson
{
    public static JsonTypeInfo<AcceptedAnswer> Accepted { get; } = Of<AcceptedAnswer>(ManagementJsonContext.Default);

    /// <summary>How a type of a folder's own context is written; the types of the snapshot are known too.</summary>
    public static JsonTypeInfo<T> Of<T>(JsonSerializerContext context) => (JsonTypeInfo<T>)new JsonSerializerOptions(HealthJson.Options)
    {
        TypeInfoResolver = JsonTypeInfoResolver.Combine(context, HealthJson.Options.TypeInfoResolver),
    }.GetTypeInfo(typeof(T));
}

/// <summary>The action that was started.</summary>
/// <param name="Accepted">The name of the fault, or <c>disconnect</c>, or <c>drain</c>.</param>
/// <param name="Id">The connection that the request named; null when it named none.</param>
/// <param name="Endpoint">The endpoint that the request named; null when it named none.</param>
internal sealed record AcceptedAnswer(string Accepted, long? Id, string? Endpoint);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(AcceptedAnswer))]
internal sealed partial class ManagementJsonContext : JsonSerializerContext;
