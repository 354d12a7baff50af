using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Cassini.Streams.Events;
using Cassini.Streams.Fleet;

namespace Cassini.Streams.Cluster.Fleet;

/// <summary>
/// What nodes say to each other of their health. What is unknown is ignored, so that a later version may say more; one that must not be
/// read by this version has another <paramref name="V"/>.
/// </summary>
/// <param name="V">The version, <see cref="Version"/>.</param>
/// <param name="Node">Who says it.</param>
/// <param name="Epoch">Its run.</param>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "is")]
[JsonDerivedType(typeof(HealthTold), "health")]
[JsonDerivedType(typeof(HealthWanted), "want")]
[JsonDerivedType(typeof(GoneTold), "gone")]
internal abstract record FleetMessage(int V, string Node, string Epoch)
{
    /// <summary>The version that this program speaks.</summary>
    public const int Version = 1;

    /// <summary>The most bytes of a message.</summary>
    public const int Most = 64 * 1024;

    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, FleetMessageJson.Default.FleetMessage);

    /// <returns>Null when it is not of this protocol, or is too large. Its sender's name is one that a node may have.</returns>
    public static FleetMessage? Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > Most)
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize(bytes, FleetMessageJson.Default.FleetMessage) is { V: Version } read
                && IsNode(read.Node, read.Epoch) && read.IsWhole
                ? read
                : null;
        }
        catch (Exception wrong) when (wrong is JsonException or NotSupportedException)
        {
            return null;
        }
    }

    /// <summary>Whether these may be the name and the run of a node.</summary>
    protected static bool IsNode(string? node, string? epoch) =>
        ClusterSettings.IsName(node) && epoch is not null && Events.Epoch.TryParse(epoch, out _);

    /// <summary>Whether it has everything that it needs.</summary>
    [JsonIgnore]
    protected virtual bool IsWhole => true;
}

/// <summary>How it is.</summary>
/// <param name="V">The version.</param>
/// <param name="Node">Who says it.</param>
/// <param name="Epoch">Its run.</param>
/// <param name="Number">One more than that of the message before.</param>
/// <param name="Health">How it is.</param>
/// <param name="Management">Where its management is reached; null when it does not say.</param>
internal sealed record HealthTold(int V, string Node, string Epoch, long Number, FleetNodeHealth Health, string? Management)
    : FleetMessage(V, Node, Epoch)
{
    private const int MostChecks = 64;

    /// <inheritdoc/>
    protected override bool IsWhole => Number > 0 && !Health.Failing.IsDefault && Health.Failing.Length <= MostChecks
        && Health.Failing.All(check => check is { Name: not null }) && double.IsFinite(Health.UptimeSeconds)
        && (Management is null || ClusterSettings.IsManagement(Management));
}

/// <summary>It asks how others are.</summary>
/// <param name="V">The version.</param>
/// <param name="Node">Who says it.</param>
/// <param name="Epoch">Its run.</param>
/// <param name="Of">Whom it asks; null for all.</param>
internal sealed record HealthWanted(int V, string Node, string Epoch, string? Of) : FleetMessage(V, Node, Epoch);

/// <summary>Which nodes are gone.</summary>
/// <param name="V">The version.</param>
/// <param name="Node">Who says it.</param>
/// <param name="Epoch">Its run.</param>
/// <param name="Tombstones">Those that are gone.</param>
/// <param name="Forgettings">Those that were forgotten.</param>
internal sealed record GoneTold(
    int V, string Node, string Epoch, ImmutableArray<Tombstone> Tombstones, ImmutableArray<Forgetting> Forgettings)
    : FleetMessage(V, Node, Epoch)
{
    /// <inheritdoc/>
    protected override bool IsWhole => AreWhole(Tombstones, Forgettings);

    /// <summary>Whether each is of a node, and there are not more than there may be.</summary>
    public static bool AreWhole(ImmutableArray<Tombstone> tombstones, ImmutableArray<Forgetting> forgettings) =>
        !tombstones.IsDefault && tombstones.Length <= FleetIdentity.MostTombstones
        && tombstones.All(one => one is not null && IsNode(one.Node, one.Epoch))
        && !forgettings.IsDefault && forgettings.Length <= FleetIdentity.MostTombstones
        && forgettings.All(one => one is not null && IsNode(one.Node, one.Epoch));
}

/// <summary>How it is written, and how the file of a node is.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    Converters =
    [
        typeof(CamelCaseEnum<HealthStatus>), typeof(CamelCaseEnum<Phase>), typeof(CamelCaseEnum<TombstoneReason>),
    ])]
[JsonSerializable(typeof(FleetMessage))]
[JsonSerializable(typeof(FleetMemory))]
internal sealed partial class FleetMessageJson : JsonSerializerContext;
