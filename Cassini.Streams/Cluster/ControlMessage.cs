using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Cassini.Streams.Broker.Sessions;
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
[JsonDerivedType(typeof(LinkAsked), "link")]
[JsonDerivedType(typeof(LinkAnswered), "got")]
[JsonDerivedType(typeof(TermHeeded), "heed")]
[JsonDerivedType(typeof(QueueAsked), "kept")]
[JsonDerivedType(typeof(QueueAwaited), "send")]
[JsonDerivedType(typeof(SessionAsked), "ask")]
[JsonDerivedType(typeof(SessionAnswered), "answer")]
[JsonDerivedType(typeof(MarksAsked), "mark")]
[JsonDerivedType(typeof(PieceAsked), "piece")]
[JsonDerivedType(typeof(SessionCame), "came")]
[JsonDerivedType(typeof(NameAsked), "name")]
[JsonDerivedType(typeof(NameHeld), "held")]
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
/// <param name="Peers">How it stands with the peers that it knows; null when it has not joined.</param>
internal sealed record Beat(
    string Node, string Epoch, long Interest, string Settings, DateTimeOffset At, ulong? Retained = null,
    ImmutableArray<Standing>? Peers = null) : ControlMessage(Node, Epoch)
{
    /// <inheritdoc/>
    protected override bool IsWhole => Peers?.All(standing => standing?.Node is not null) is not false;
}

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
/// <param name="Fast">Filters with wildcards that it wants with QoS 0.</param>
/// <param name="Sure">Filters with wildcards that it wants with QoS 1 or 2.</param>
/// <param name="Gone">Filters with wildcards that it wants no more.</param>
/// <param name="Claims">Clients whose sessions it wants or has.</param>
/// <param name="Released">Clients that have no session there any more.</param>
/// <param name="Kept">Filters with wildcards that it wants with QoS 1 or 2, also what is published while it is gone.</param>
/// <param name="Shares">Shared subscriptions, and how many members they have there.</param>
/// <param name="Topics">
/// Filters without wildcards that it wants or wants no more: of each <see cref="WantedTopic.Value"/>, in 8 bytes.
/// </param>
/// <param name="Peers">How it stands with the peers that it knows; null when it has not joined.</param>
internal sealed record InterestTold(
    string Node, string Epoch, long From, long To, int Part, int Parts,
    ImmutableArray<string> Fast, ImmutableArray<string> Sure, ImmutableArray<string> Gone, ImmutableArray<string> Claims,
    ImmutableArray<ulong> Released, ImmutableArray<string> Kept, ImmutableArray<SharedFilter> Shares,
    ReadOnlyMemory<byte> Topics = default, ImmutableArray<Standing>? Peers = null) : ControlMessage(Node, Epoch)
{
    /// <inheritdoc/>
    protected override bool IsWhole => !Fast.IsDefault && !Sure.IsDefault && !Gone.IsDefault && From >= 0 && To >= From
        && Part >= 0 && Part < Parts && Fast.Concat(Sure).Concat(Gone).Concat(AllKept).All(filter => filter is not null)
        && Topics.Length % sizeof(ulong) == 0 && WantedTopics.All(topic => topic.Hash != 0) && SharedFilters.All(share => share.IsWhole)
        && (Claims.IsDefault || Claims.All(claim => ClientClaim.TryParse(claim, out _)))
        && Peers?.All(standing => standing?.Node is not null) is not false;

    [JsonIgnore]
    public IEnumerable<ClientClaim> ClientClaims =>
        Claims.IsDefault ? [] : Claims.Select(text => ClientClaim.TryParse(text, out var claim) ? claim : default);

    [JsonIgnore]
    public IEnumerable<SharedFilter> SharedFilters => Shares.IsDefault ? [] : Shares;

    [JsonIgnore]
    public IEnumerable<WantedTopic> WantedTopics
    {
        get
        {
            for (var at = 0; at < Topics.Length; at += sizeof(ulong))
            {
                yield return new WantedTopic(BinaryPrimitives.ReadUInt64LittleEndian(Topics.Span[at..]));
            }
        }
    }

    [JsonIgnore]
    public IEnumerable<ulong> ClientsReleased => Released.IsDefault ? [] : Released;

    [JsonIgnore]
    public IEnumerable<WantedFilter> Wanted => Fast.Select(filter => new WantedFilter(filter, FilterClass.Fast))
        .Concat(Sure.Select(filter => new WantedFilter(filter, FilterClass.Sure)))
        .Concat(AllKept.Select(filter => new WantedFilter(filter, FilterClass.Kept)));

    /// <summary>Topics as <see cref="Topics"/> has them.</summary>
    public static ReadOnlyMemory<byte> Write(ImmutableArray<WantedTopic> topics)
    {
        var bytes = new byte[topics.Length * sizeof(ulong)];
        for (var i = 0; i < topics.Length; i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(i * sizeof(ulong)), topics[i].Value);
        }

        return bytes;
    }

    private IEnumerable<string> AllKept => Kept.IsDefault ? [] : Kept;
}

/// <summary>It has what the receiver wants.</summary>
/// <param name="Node">Who says it.</param>
/// <param name="Epoch">Its run.</param>
/// <param name="Of">The receiver's run.</param>
/// <param name="Version">The version.</param>
internal sealed record InterestSeen(string Node, string Epoch, string Of, long Version) : ControlMessage(Node, Epoch);

/// <summary>It asks how far the receiver got on a link that is over, and which takes nothing more from now on.</summary>
/// <param name="Node">Who says it.</param>
/// <param name="Epoch">Its run.</param>
/// <param name="Of">The receiver's run.</param>
/// <param name="Link">The number of the link.</param>
internal sealed record LinkAsked(string Node, string Epoch, string Of, ulong Link) : ControlMessage(Node, Epoch);

/// <summary>How far it got.</summary>
/// <param name="Node">Who says it.</param>
/// <param name="Epoch">Its run.</param>
/// <param name="Of">The receiver's run.</param>
/// <param name="Link">The number of the link.</param>
/// <param name="Received">The highest number of its frames that has come, with all before it, and is durable; 0 for none.</param>
internal sealed record LinkAnswered(string Node, string Epoch, string Of, ulong Link, long Received) : ControlMessage(Node, Epoch);

/// <summary>
/// It knows that the receiver has given it up, or has met it late: what the receiver does not have was on links that are over.
/// </summary>
/// <param name="Node">Who says it.</param>
/// <param name="Epoch">Its run.</param>
/// <param name="Of">The receiver's run.</param>
/// <param name="Term">The number that the receiver has said.</param>
/// <param name="Link">The number of its link: this one, and later ones, were opened since.</param>
internal sealed record TermHeeded(string Node, string Epoch, string Of, long Term, ulong Link) : ControlMessage(Node, Epoch);

/// <summary>It has kept something for sessions of the receiver, and asks whether it may send it.</summary>
/// <param name="Node">Who says it.</param>
/// <param name="Epoch">Its run.</param>
/// <param name="Of">The receiver's run.</param>
/// <param name="Link">The number of the link on which it would.</param>
internal sealed record QueueAsked(string Node, string Epoch, string Of, ulong Link) : ControlMessage(Node, Epoch);

/// <summary>It may be sent: no session leaves without the receiver's mark any more.</summary>
/// <param name="Node">Who says it.</param>
/// <param name="Epoch">Its run.</param>
/// <param name="Of">The receiver's run.</param>
/// <param name="Link">The number of the link.</param>
/// <param name="Interest">The version of what it wants: who has left is not in it any more.</param>
internal sealed record QueueAwaited(string Node, string Epoch, string Of, ulong Link, long Interest) : ControlMessage(Node, Epoch);

/// <summary>A client of its own wants its session, which the receiver has.</summary>
/// <param name="Node">Who says it.</param>
/// <param name="Epoch">Its run.</param>
/// <param name="Of">The receiver's run.</param>
/// <param name="Number">The number of the move, which no other one has.</param>
/// <param name="ClientId">The client.</param>
/// <param name="Identity">Its identity.</param>
/// <param name="CleanStart">Whether the client wants a new session.</param>
/// <param name="Stamp">The stamp of the sender's claim.</param>
internal sealed record SessionAsked(
    string Node, string Epoch, string Of, ulong Number, string ClientId, string Identity, bool CleanStart, long Stamp)
    : ControlMessage(Node, Epoch)
{
    /// <inheritdoc/>
    protected override bool IsWhole => Of is not null && ClientId is not null && Identity is not null;
}

/// <summary>What became of it.</summary>
/// <param name="Node">Who says it.</param>
/// <param name="Epoch">Its run.</param>
/// <param name="Of">The receiver's run.</param>
/// <param name="Number">The number of the move.</param>
/// <param name="Outcome">What.</param>
/// <param name="HadConnection">Whether its client was connected to the sender, and is no more.</param>
internal sealed record SessionAnswered(
    string Node, string Epoch, string Of, ulong Number, ReleaseOutcome Outcome, bool HadConnection = false) : ControlMessage(Node, Epoch);

/// <summary>
/// All nodes are to send a mark to one of them, behind what they have published: for a session that leaves that node.
/// </summary>
/// <param name="Node">Who says it.</param>
/// <param name="Epoch">Its run.</param>
/// <param name="To">The node that is to get the marks.</param>
/// <param name="Number">The number of the move.</param>
/// <param name="Interest">The version of what the sender wants: who does not know it yet sends no mark.</param>
/// <param name="Live">The peers that the sender awaits the marks of.</param>
/// <param name="Client">The client of the session.</param>
internal sealed record MarksAsked(
    string Node, string Epoch, string To, ulong Number, long Interest, ImmutableArray<string> Live = default, ulong Client = 0)
    : ControlMessage(Node, Epoch)
{
    /// <inheritdoc/>
    protected override bool IsWhole => To is not null && All.All(live => live is not null);

    [JsonIgnore]
    public IEnumerable<string> All => Live.IsDefault ? [] : Live;
}

/// <summary>It asks for a piece of a session that moves.</summary>
/// <param name="Node">Who says it.</param>
/// <param name="Epoch">Its run.</param>
/// <param name="Of">The receiver's run.</param>
/// <param name="Number">The number of the move.</param>
/// <param name="Piece">The number of the piece, from 0 on.</param>
internal sealed record PieceAsked(string Node, string Epoch, string Of, ulong Number, int Piece) : ControlMessage(Node, Epoch);

/// <summary>A session has come, or does not come after all.</summary>
/// <param name="Node">Who says it.</param>
/// <param name="Epoch">Its run.</param>
/// <param name="Of">The receiver's run.</param>
/// <param name="Number">The number of the move.</param>
/// <param name="HasCome">Whether it has, and is durable.</param>
internal sealed record SessionCame(string Node, string Epoch, string Of, ulong Number, bool HasCome) : ControlMessage(Node, Epoch);

/// <summary>It asks whether another run has its name.</summary>
/// <param name="Node">Who says it.</param>
/// <param name="Epoch">Its run.</param>
/// <param name="Of">The run that has it, as far as the sender knows; empty when it knows of none.</param>
internal sealed record NameAsked(string Node, string Epoch, string Of) : ControlMessage(Node, Epoch);

/// <summary>It has the name that it shares with the receiver.</summary>
/// <param name="Node">Who says it.</param>
/// <param name="Epoch">Its run.</param>
/// <param name="Of">The receiver's run, which it has heard.</param>
internal sealed record NameHeld(string Node, string Epoch, string Of) : ControlMessage(Node, Epoch);

/// <summary>How it is written.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(ControlMessage))]
internal sealed partial class ControlJson : JsonSerializerContext;
