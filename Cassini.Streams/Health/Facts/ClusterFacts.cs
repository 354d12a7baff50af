using System.Collections.Immutable;
using Cassini.Streams.Events;

namespace Cassini.Streams.Health.Facts;

/// <summary>The fleet that this process is a node of: its bus, and the other nodes.</summary>
internal sealed record ClusterFacts
{
    public static readonly ClusterFacts None = new();

    /// <summary>Keeps sums of times far from overflow, even with a damaged log.</summary>
    private static readonly TimeSpan LongestGrace = TimeSpan.FromDays(1);

    /// <summary>The name of the fleet; null for a broker on its own.</summary>
    public string? Fleet { get; init; }

    /// <summary>The name of this node; null for a broker on its own.</summary>
    public string? Node { get; init; }

    /// <summary>The event by which it became a node.</summary>
    public long EnteredCause { get; init; }

    /// <summary>Whether it waits no longer for what its peers subscribe to.</summary>
    public bool IsJoined { get; init; }

    /// <summary>What the last event about the bus says is wrong with it; null when it is connected, or when there was none.</summary>
    public string? EngineProblem { get; init; }

    /// <summary>The event that the state of the bus is from; 0 while there was none.</summary>
    public long EngineCause { get; init; }

    /// <summary>Why the bus is not connected; null when it is. No word about it is no sign that it is.</summary>
    public string? CutOff => EngineCause == 0 ? "it never was" : EngineProblem;

    /// <summary>The event by which another run of this node's name is known; 0 when there is none.</summary>
    public long NameCause { get; init; }

    /// <summary>Whether that run has the name, so that this node takes no part in the fleet.</summary>
    public bool IsAside { get; init; }

    /// <summary>The other nodes by name, without those that left or were forgotten.</summary>
    public ImmutableArray<PeerFact> Peers { get; init; } = [];

    /// <summary>What nodes say over HTTP, by name.</summary>
    public ImmutableArray<SeenFact> Seen { get; init; } = [];

    /// <summary>The nodes for which not everything is kept while they are gone, by name; also those that have left.</summary>
    public ImmutableArray<NotKeptFact> NotKept { get; init; } = [];

    /// <summary>Since when others serve without this node; the end of time while none is known to.</summary>
    public TimeSpan ServedSince { get; init; } = TimeSpan.MaxValue;

    /// <summary>How long others must serve without this node until it is isolated.</summary>
    public TimeSpan IsolationGrace
    {
        get;
        init => field = value < TimeSpan.Zero ? TimeSpan.Zero : value < LongestGrace ? value : LongestGrace;
    }

    /// <summary>Whether this node is ready while the bus is lost and nobody is known to serve without it.</summary>
    public bool ReadyAlone { get; init; } = true;

    /// <summary>Those who say that they serve without this node, and are not heard on the bus.</summary>
    public IEnumerable<SeenFact> Serving() => Seen.Where(seen => seen.Answer is PeerAnswer.Serves
        && (CutOff is not null || !Peers.Any(peer => peer.Node == seen.Node && peer.State is PeerState.Live)));

    /// <summary>
    /// Whether others serve without this node. While the bus is connected here too, the fleet has two parts which both work: the smaller
    /// one is cut off, and of two equal ones none is.
    /// </summary>
    private bool IsServedWithout => CutOff is not null
        ? Serving().Any()
        : Serving().Count() > 1 + Peers.Count(peer => peer.State is PeerState.Live);

    /// <param name="happened">What happened.</param>
    /// <param name="sequence">Its number.</param>
    /// <param name="now">Its time, which never runs backwards.</param>
    public ClusterFacts Apply(BrokerEvent happened, long sequence, TimeSpan now)
    {
        var after = Learn(happened, sequence);
        var since = !after.IsServedWithout ? TimeSpan.MaxValue : ServedSince < TimeSpan.MaxValue ? ServedSince : now;
        return after.ServedSince == since ? after : after with { ServedSince = since };
    }

    private ClusterFacts Learn(BrokerEvent happened, long sequence) => happened switch
    {
        FleetEntered e => this with
        {
            Fleet = e.Fleet,
            Node = e.Node,
            EnteredCause = sequence,
            IsolationGrace = e.IsolationGrace,
            ReadyAlone = e.ReadyAlone,
        },
        FleetJoined => this with { IsJoined = true, Peers = [.. Peers.Select(peer => peer with { LateCause = 0 })] },
        FleetJoinLate e => e.Nodes.Aggregate(
            this with { IsJoined = true }, (facts, node) => facts.Change(node, peer => peer with { LateCause = sequence })),
        NameTaken e => this with { NameCause = sequence, IsAside = e.GivesWay },
        NameFreed => this with { NameCause = 0, IsAside = false },
        EngineConnected => this with { EngineProblem = null, EngineCause = sequence },
        EngineLost e => this with { EngineProblem = e.Problem, EngineCause = sequence },
        PeerJoined e => Change(e.Node, _ => new PeerFact(e.Node) { Cause = sequence }).Keep(e.Node),
        PeerSuspected e => Change(e.Node, peer => peer.State is PeerState.Lost ? peer : peer with
        {
            State = PeerState.Suspect,
            Silence = e.Silence,
            Cause = sequence,
        }),
        PeerBack e => Change(e.Node, peer => peer with { State = PeerState.Live, Silence = TimeSpan.Zero, Cause = sequence }),
        PeerLost e => Change(e.Node, peer => peer with { State = PeerState.Lost, Silence = e.Silence, Cause = sequence }),
        PeerLeft e => Without(peer => peer.Node == e.Node),
        PeerForgotten e => Without(peer => peer.Node == e.Node && peer.State is PeerState.Lost).Keep(e.Node),
        PeerSeen e => this with { Seen = See(e, sequence) },
        InterestLagging e => Change(e.Node, peer => peer with { LagCause = sequence, Waited = e.Waited }),
        InterestConfirmed e => Change(e.Node, peer => peer with { LateCause = 0, LagCause = 0, Waited = TimeSpan.Zero }),
        PeerDiffers e => Change(e.Node, peer => peer with { DiffersCause = e.What.Length > 0 ? sequence : 0, Differs = e.What }),
        PeerClockSkewed e => Change(e.Node, peer => peer with { SkewCause = e.Skew != TimeSpan.Zero ? sequence : 0, Skew = e.Skew }),
        LinkStalled e => Change(e.Node, peer => peer with { StallCause = sequence, Stalled = e.Waited }),
        LinkResumed e => Change(e.Node, peer => peer with { StallCause = 0, Stalled = TimeSpan.Zero }),
        LinkDropping e => Change(e.Node, peer => peer with { DropCause = sequence, Dropped = e.Dropped }),
        LinkRecovered e => Change(e.Node, peer => peer with { DropCause = 0, Dropped = 0 }),
        RetainedIncomplete e => Change(e.Node, peer => peer with { MissingCause = sequence, Missing = e.Missing }),
        RetainedComplete e => Change(e.Node, peer => peer with { MissingCause = 0, Missing = 0 }),
        MessagesNotKept e => Keep(e.Node, new NotKeptFact(e.Node, e.Dropped, sequence)),
        MessagesKept e => Keep(e.Node),
        _ => this,
    };

    /// <param name="node">The node.</param>
    /// <param name="fact">What is not kept for it; null when all is.</param>
    private ClusterFacts Keep(string node, NotKeptFact? fact = null)
    {
        var others = NotKept.Where(one => one.Node != node);
        return fact is null && others.Count() == NotKept.Length ? this : this with
        {
            NotKept = [.. (fact is null ? others : others.Append(fact)).OrderBy(one => one.Node, StringComparer.Ordinal)],
        };
    }

    /// <summary>Changes the node's fact; adds a node that was never announced.</summary>
    private ClusterFacts Change(string node, Func<PeerFact, PeerFact> change)
    {
        for (var i = 0; i < Peers.Length; i++)
        {
            if (Peers[i].Node == node)
            {
                return this with { Peers = Peers.SetItem(i, change(Peers[i])) };
            }
        }

        return this with { Peers = [.. Peers.Append(change(new PeerFact(node))).OrderBy(peer => peer.Node, StringComparer.Ordinal)] };
    }

    private ImmutableArray<SeenFact> See(PeerSeen seen, long sequence) =>
    [
        .. Seen.Where(one => one.Node != seen.Node)
            .Concat(seen.Answer is PeerAnswer.None ? [] : [new SeenFact(seen.Node, seen.Answer, sequence)])
            .OrderBy(one => one.Node, StringComparer.Ordinal),
    ];

    private ClusterFacts Without(Func<PeerFact, bool> isGone) => this with { Peers = [.. Peers.Where(peer => !isGone(peer))] };
}
