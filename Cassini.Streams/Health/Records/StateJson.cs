using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Cassini.Streams.Events;
using Cassini.Streams.Health.Checks;
using Cassini.Streams.Health.Facts;
using Cassini.Streams.Health.Folding;

namespace Cassini.Streams.Health.Records;

/// <summary>
/// The JSON form of a health state: complete and exact, so that a fold that continues from what was read gives the same as one that
/// continues from the original.
/// </summary>
internal static class StateJson
{
    /// <summary>How a state is read and written.</summary>
    internal static readonly JsonTypeInfo<WrittenState> Shape = (JsonTypeInfo<WrittenState>)MakeOptions().GetTypeInfo(typeof(WrittenState));

    public static void Write(Utf8JsonWriter writer, HealthState state) => JsonSerializer.Serialize(
        writer,
        new WrittenState(
            state.Origin,
            state.LastConnection,
            state.Verdicts.Revision,
            state.Verdicts.Checks.ToDictionary(check => check.Check.Name, check => check.Write(), StringComparer.Ordinal),
            state.Facts,
            state.Counts),
        Shape);

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <exception cref="JsonException">It is not a health state; the message says where and why.</exception>
    public static HealthState Read(JsonElement json, Epoch epoch, TimeSpan now, long through, HealthPolicy policy)
    {
        var written = json.Deserialize(Shape) ?? throw new JsonException("state: null");
        if (written.Facts.Canary is { ConsecutiveFailures: > 0, Causes.IsEmpty: true })
        {
            throw new JsonException("state: facts.canary: failures without causes");
        }

        if (written.Facts.Handshakes.Addresses.Contains(null!))
        {
            throw new JsonException("state: facts.handshakes.addresses: an address is null");
        }

        if (written.Facts.Cluster.Peers.Contains(null!) || written.Facts.Cluster.Seen.Contains(null!))
        {
            throw new JsonException("state: facts.cluster.peers: a node is null");
        }

        var facts = written.Facts with
        {
            Crashes = written.Facts.Crashes with { Window = written.Facts.Crashes.Window.Within(policy.CrashWindow, now) },
            Handshakes = written.Facts.Handshakes.Within(policy.HandshakeWindow, now),
        };
        var checks = AllChecks.InOrder.Select(check => written.Checks.TryGetValue(check.Name, out var found) && found is not null
            ? CheckState.Restore(check, found, now, policy)
            : throw new JsonException($"state: checks: {check.Name} is missing"));
        return new HealthState(
            epoch, written.Origin, now, through, written.LastConnection, written.Counts, facts,
            Verdicts.Restore([.. checks], written.Revision), []);
    }

    private static JsonSerializerOptions MakeOptions() => new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        IgnoreReadOnlyProperties = true,
        RespectNullableAnnotations = true,
        TypeInfoResolver = StateJsonContext.Default.WithAddedModifier(static shape =>
        {
            // Every part is written, so a missing part was lost. An error is better than a default that hides the loss.
            foreach (var property in shape.Properties.Where(property => property.Set is not null))
            {
                property.IsRequired = true;
            }
        }),
        Converters =
        {
            new StateSeconds(), new CounterBuckets(), new ComponentCauses(), new SortedNames(),
            new CamelCaseEnum<CanaryFailure>(), new CamelCaseEnum<CanaryStage>(), new CamelCaseEnum<CapacityResource>(),
            new CamelCaseEnum<CertificateRole>(), new CamelCaseEnum<ComponentKind>(), new CamelCaseEnum<EndpointState>(),
            new CamelCaseEnum<EventCategory>(), new CamelCaseEnum<Fails>(), new CamelCaseEnum<HandshakeFailure>(),
            new CamelCaseEnum<HealthStatus>(),
            new CamelCaseEnum<PeerAnswer>(), new CamelCaseEnum<PeerState>(), new CamelCaseEnum<Phase>(), new CamelCaseEnum<StoreProblem>(),
        },
    };
}

[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    IgnoreReadOnlyProperties = true)]
[JsonSerializable(typeof(WrittenState))]
[JsonSerializable(typeof(System.Collections.Immutable.ImmutableArray<ComponentCause>))]
[JsonSerializable(typeof(System.Collections.Immutable.ImmutableArray<string>))]
internal sealed partial class StateJsonContext : JsonSerializerContext;
