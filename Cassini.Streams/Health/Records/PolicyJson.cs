using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Cassini.Streams.Health.Records;

/// <summary>A policy in the form of the settings: unchanged names, and durations as <c>[d.]hh:mm:ss[.fffffff]</c>.</summary>
internal static class PolicyJson
{
    private static readonly JsonTypeInfo<HealthPolicy> Shape = PolicyJsonContext.Default.HealthPolicy;

    public static void Write(Utf8JsonWriter writer, HealthPolicy policy) => JsonSerializer.Serialize(writer, policy, Shape);

    /// <exception cref="JsonException">It is not a valid policy; the message has every range that is violated.</exception>
    public static HealthPolicy Read(JsonElement json)
    {
        var policy = json.Deserialize(Shape) ?? throw new JsonException("policy: null");
        var names = Shape.Properties
            .Select(property => property.Name)
            .Except(json.EnumerateObject().Select(property => property.Name))
            .ToList();
        if (names.Count > 0)
        {
            throw new JsonException($"policy: missing: {string.Join(", ", names)}");
        }

        var errors = HealthPolicyValidator.Validate(policy);
        return errors.Count == 0 ? policy : throw new JsonException($"policy: {string.Join("; ", errors)}");
    }
}

[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(HealthPolicy))]
internal sealed partial class PolicyJsonContext : JsonSerializerContext;
