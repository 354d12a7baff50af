using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Cassini.Streams.Cluster.Interest;

namespace Cassini.Streams.Cluster;

/// <summary>
/// What nodes say to each other beside messages. What is unknown is ignored, so that a later version may say more.
/// </summary>
/// <param name="Node">Who says it.</param>
/// <param name="Epoch">Its run.</param>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "is")]
[JsonDerivedType(typeof(Beat), "beat")]
[JsonDerivedType(typeof(Farewell), "leave")]
[JsonDerivedType(typeof(InterestWanted), "want")]
[JsonDerivedType(typeof(InterestTold), "interest")]
[JsonDerivedType(typeof(InterestSeen), "seen")]
internal abstract record ControlMessage(string Node, string Epoch)
{
    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, ControlJson.Default.ControlMessage);

    /// <returns>Null when it is not of this protocol. Its sender's name is one that a node may have.</returns>
    public static ControlMessage? Read(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return JsonSerializer.Deserialize(bytes, ControlJson.Default.ControlMessage) is { } read
                && ClusterSettings.IsName(read.Node) && Events.Epoch.TryParse(read.Epoch, out _) && read.IsWhole
                ? read
                : null;
        }
        catch (Exception wrong) when (wrong is JsonException or NotSupportedException)
        {
            return null;
        }
    }

    /// <summary>Whether it has everything that it needs.</summary>
    [JsonIgnore]
    protected virtual bool IsWhole => true;
}

/// <summary>It lives.</summary>
/// <param name="Node">Who says it.</param>
/// <param name="Epoch">Its run.</param>
/// <param name="Interest">The version of what it wants.</param>
/// <param name="Settings">A digest of the settings that nodes must share.</param>
/// <param name="At">Its clock, UTC: before <paramref name="Retained"/>.</param>
/// <param name="Retained">A digest of what it retains; null when it does not say.</param>
internal sealed record Beat(string Node, string Epoch, long Interest, string Settings, DateTimeOffset At, ulong? Retained = null)
    : ControlMessage(Node, Epoch);

/// <summary>It stops.</summary>
/// <param name="Node">Who says it.</param>
/// <param name="Epoch">Its run.</param>
internal sealed record Farewell(string Node, string Epoch) : ControlMessage(Node, Epoch);

/// <summary>It asks for all that the receiver wants.</summary>
/// <param name="Node">Who says it.</param>
/// <param name="Epoch">Its run.</param>
internal sealed record InterestWanted(string Node, string Epoch) : ControlMessage(Node, Epoch);

/// <summary>A change of what it wants, in parts when it is long.</summary>
/// <param name="Node">Who says it.</param>
/// <param name="Epoch">Its run.</param>
/// <param name="From">The version before; 0 for nothing.</param>
/// <param name="To">The version after.</param>
/// <param name="Part">The number of the part, from 0 on.</param>
/// <param name="Parts">How many there are.</param>
/// <param name="Fast">Filters that it wants with QoS 0.</param>
/// <param name="Sure">Filters that it wants with QoS 1 or 2.</param>
/// <param name="Gone">Filters that it wants no more.</param>
internal sealed record InterestTold(
    string Node, string Epoch, long From, long To, int Part, int Parts,
    ImmutableArray<string> Fast, ImmutableArray<string> Sure, ImmutableArray<string> Gone) : ControlMessage(Node, Epoch)
{
    /// <inheritdoc/>
    protected override bool IsWhole => !Fast.IsDefault && !Sure.IsDefault && !Gone.IsDefault && From >= 0 && To >= From
        && Part >= 0 && Part < Parts && Fast.Concat(Sure).Concat(Gone).All(filter => filter is not null);

    [JsonIgnore]
    public IEnumerable<WantedFilter> Wanted => Fast.Select(filter => new WantedFilter(filter, FilterClass.Fast))
        .Concat(Sure.Select(filter => new WantedFilter(filter, FilterClass.Sure)));
}

/// <summary>It has what the receiver wants.</summary>
/// <param name="Node">Who says it.</param>
/// <param name="Epoch">Its run.</param>
/// <param name="Of">The receiver's run.</param>
/// <param name="Version">The version.</param>
internal sealed record InterestSeen(string Node, string Epoch, string Of, long Version) : ControlMessage(Node, Epoch);

/// <summary>How it is written.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(ControlMessage))]
internal sealed partial class ControlJson : JsonSerializerContext;
