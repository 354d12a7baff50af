using System.Collections.Immutable;
using Cassini.Streams.Events;
using Cassini.Streams.Fleet;

namespace Cassini.Streams.Cluster.Fleet;

/// <summary>
/// All nodes of the fleet, by what is heard of them: a fold of notes and of time, pure and total. Before a note of time t is applied,
/// everything that is due by t is applied at its own instant, so that the changes do not depend on how often somebody looks. Immutable.
/// </summary>
internal sealed record FleetState
{
    private FleetState(FleetIdentity self)
    {
        Self = self;
        Nodes = Nodes.Add(self.Node, new NodeFact(self.Node, self.Epoch) { Shown = FleetNodeState.Self });
    }

    /// <summary>Who folds.</summary>
    public FleetIdentity Self { get; }

    /// <summary>Elapsed time of the last note.</summary>
    public TimeSpan Now { get; private init; }

    /// <summary>The number of the last change.</summary>
    public long Revision { get; private init; }

    /// <summary>Since when the bus is connected; null while it is not.</summary>
    public TimeSpan? ConnectedAt { get; private init; }

    /// <summary>The nodes that are there by name, this one among them.</summary>
    public ImmutableSortedDictionary<string, NodeFact> Nodes { get; private init; } =
        ImmutableSortedDictionary.Create<string, NodeFact>(StringComparer.Ordinal);

    /// <summary>Those that are gone, by name. None of them is there.</summary>
    public ImmutableSortedDictionary<string, Tombstone> Tombstones { get; private init; } =
        ImmutableSortedDictionary.Create<string, Tombstone>(StringComparer.Ordinal);

    /// <summary>Those that were forgotten, by name.</summary>
    public ImmutableSortedDictionary<string, Forgetting> Forgettings { get; private init; } =
        ImmutableSortedDictionary.Create<string, Forgetting>(StringComparer.Ordinal);

    /// <summary>Where the managements of other nodes are, by name: also of those that are not there.</summary>
    public ImmutableSortedDictionary<string, NodeAddress> Addresses { get; private init; } =
        ImmutableSortedDictionary.Create<string, NodeAddress>(StringComparer.Ordinal);

    /// <summary>
    /// Those that the bus says nothing of, to be asked over HTTP: all while it is not connected, else those that are not heard on it and
    /// have not left.
    /// </summary>
    public ImmutableArray<NodeAddress> Unheard => ConnectedAt is null
        ? [.. Addresses.Values]
        : [.. Addresses.Values.Where(one => Nodes.GetValueOrDefault(one.Node) is not { Standing: Standing.Heard }
            && Tombstones.GetValueOrDefault(one.Node) is not { Reason: TombstoneReason.Left })];

    /// <summary>The next instant at which time alone changes something; null for none.</summary>
    public TimeSpan? Next => Deadlines().Where(due => due > Now).Select(due => (TimeSpan?)due).Min();

    /// <summary>The worst that is known: see <see cref="FleetSnapshot.Status"/>.</summary>
    public HealthStatus Status
    {
        get
        {
            var all = Nodes.Values.Select(HealthOf).ToArray();
            return all.Any(one => one.Status == HealthStatus.Error) || !all.Any(one => one.Ready) ? HealthStatus.Error
                : all.Any(one => one.Status != HealthStatus.Ok) || Tombstones.Values.Any(one => one.Reason == TombstoneReason.Lost)
                    ? HealthStatus.Degraded
                    : HealthStatus.Ok;
        }
    }

    /// <summary>Whether a node is ready.</summary>
    public bool Ready => Nodes.Values.Any(one => HealthOf(one).Ready);

    /// <summary>Only this node is known, and nothing of it yet.</summary>
    public static FleetState Initial(FleetIdentity self) => new(self);

    /// <summary>Folds a note.</summary>
    /// <param name="note">What was heard.</param>
    /// <param name="at">When; what is earlier than the last note counts as then.</param>
    /// <returns>The state after it, and what has changed, in its order.</returns>
    public (FleetState State, ImmutableArray<FleetChange> Changes) Apply(FleetNote note, TimeSpan at)
    {
        var changes = ImmutableArray.CreateBuilder<FleetChange>();
        var state = this;
        while (state.Next is { } due && due <= at)
        {
            state = state.Step(state with { Now = due }, changes);
        }

        var now = at > state.Now ? at : state.Now;
        state = state.Step((state with { Now = now }).With(note).CountPeers(), changes);
        return (state, changes.ToImmutable());
    }

    /// <summary>All of it for a reader.</summary>
    public FleetSnapshot ToSnapshot() => new()
    {
        Fleet = Self.Fleet,
        Node = Self.Node,
        Epoch = Self.Epoch,
        Revision = Revision,
        AsOf = TimeOf(Now),
        Status = Status,
        Ready = Ready,
        Connected = Connected,
        Nodes = [.. Nodes.Values.Select(Show)],
        Tombstones = [.. Tombstones.Values],
    };

    private bool? Connected => Self.Fleet is null ? null : ConnectedAt is not null;

    private DateTimeOffset TimeOf(TimeSpan elapsed) => Self.StartedAt + elapsed;

    private TimeSpan EndOf(DateTimeOffset since) => since + FleetIdentity.TombstoneLife - Self.StartedAt;

    private IEnumerable<TimeSpan> Deadlines() =>
    [
        .. Nodes.Values.Where(one => one.Said is not null && one.Node != Self.Node).Select(one => one.SaidAt + FleetIdentity.Freshness),
        .. ConnectedAt is { } since ? Nodes.Values.Where(one => one.Standing == Standing.GivenUp).Select(_ => since + Self.DeadAfter) : [],
        .. Tombstones.Values.Select(one => EndOf(one.LostAt)),
        .. Forgettings.Values.Select(one => EndOf(one.At)),
    ];

    /// <summary>This node says whom it hears: who follows another node's feed cannot know it otherwise.</summary>
    private FleetState CountPeers()
    {
        var heard = Nodes.Values.Count(one => one.Node != Self.Node && one.Standing == Standing.Heard);
        return Nodes[Self.Node].Said is { } said && said.Peers != heard
            ? Change(Self.Node, node => node with { Said = said with { Peers = heard } })
            : this;
    }

    private FleetState With(FleetNote note) => note switch
    {
        OwnHealth own => Change(Self.Node, node => node with { Said = own.Health, SaidAt = Now, Management = own.Management }),
        NodeSaid said => Hear(said),
        BusFound => ConnectedAt is null ? this with { ConnectedAt = Now } : this,
        BusGone => this with { ConnectedAt = null },
        NodeMet met => Meet(met.Node, met.Epoch),
        NodeSuspected suspected => Change(suspected.Node, node => node with { Standing = Standing.Suspect }),
        NodeBack back => Meet(back.Node, EpochOf(back.Node)),

        // While this node is cut off itself, that a peer is silent says nothing about it.
        NodeLost lost when ConnectedAt is null => Change(lost.Node, node => node with { Standing = Standing.GivenUp }),
        NodeLost lost => Bury(lost.Node, TombstoneReason.Lost),
        NodeLeft left => Bury(left.Node, TombstoneReason.Left),
        NodeDropped dropped when Nodes.GetValueOrDefault(dropped.Node) is { Standing: Standing.GivenUp } =>
            Bury(dropped.Node, TombstoneReason.Lost),
        GoneSaid gone => Merge(gone),
        AddressesRemembered remembered => remembered.Addresses.Aggregate(
            this, (after, one) => after.Addresses.ContainsKey(one.Node) ? after : after.Remember(one)),
        NodeAnswered answered => Change(answered.Node, node => node with { AnsweredAt = Now }),
        _ => this,
    };

    /// <summary>What is due by now.</summary>
    private FleetState Settle()
    {
        var state = this;
        if (ConnectedAt is { } since && Now >= since + Self.DeadAfter)
        {
            state = Nodes.Values.Where(one => one.Standing == Standing.GivenUp)
                .Aggregate(state, (after, one) => after.Bury(one.Node, TombstoneReason.Lost));
        }

        string[] over = [.. state.Tombstones.Values.Where(one => EndOf(one.LostAt) <= Now).Select(one => one.Node)];
        return state with
        {
            Tombstones = state.Tombstones.RemoveRange(over),
            Addresses = state.Addresses.RemoveRange(over),
            Forgettings = state.Forgettings.RemoveRange(
                state.Forgettings.Values.Where(one => EndOf(one.At) <= Now).Select(one => one.Node)),
        };
    }

    private FleetState Change(string node, Func<NodeFact, NodeFact> change) => Nodes.TryGetValue(node, out var fact)
        ? this with { Nodes = Nodes.SetItem(node, change(fact)) }
        : this;

    private FleetState Hear(NodeSaid said)
    {
        // A late word has a lower number. So has each after one that was forged, whose number may be the highest there is: when nothing
        // was heard for so long that the last word is old, it counts.
        if (said.Node == Self.Node || !Nodes.TryGetValue(said.Node, out var node) || node.Epoch != said.Epoch
            || (said.Number <= node.Number && IsCurrent(node)))
        {
            return this;
        }

        var after = Change(said.Node, fact => fact with
        {
            Said = said.Health,
            Number = said.Number,
            SaidAt = Now,
            Management = said.Management,
        });
        return said.Management is { } management
            ? after.Remember(new NodeAddress(said.Node, management))
            : after with { Addresses = Addresses.Remove(said.Node) };
    }

    private FleetState Remember(NodeAddress one)
    {
        if (one.Node == Self.Node || Addresses.GetValueOrDefault(one.Node) == one)
        {
            return this;
        }

        var all = Addresses.SetItem(one.Node, one);
        var old = all.Keys.FirstOrDefault(node => node != one.Node && !Nodes.ContainsKey(node));
        return all.Count <= FleetIdentity.MostAddresses ? this with { Addresses = all }
            : old is not null ? this with { Addresses = all.Remove(old) }
            : this;
    }

    private FleetState Meet(string node, string? epoch) => node == Self.Node || epoch is null ? this : this with
    {
        Nodes = Nodes.SetItem(
            node, Nodes.TryGetValue(node, out var known) && known.Epoch == epoch
                ? known with { Standing = Standing.Heard }
                : new NodeFact(node, epoch) { ShownSince = Now }),
        Tombstones = Tombstones.Remove(node),
    };

    /// <summary>The run of a node that was heard of.</summary>
    private string? EpochOf(string node) => Nodes.GetValueOrDefault(node)?.Epoch
        ?? Tombstones.GetValueOrDefault(node)?.Epoch ?? Forgettings.GetValueOrDefault(node)?.Epoch;

    private FleetState Bury(string node, TombstoneReason reason) =>
        node == Self.Node || !Nodes.TryGetValue(node, out var fact) ? this : (this with { Nodes = Nodes.Remove(node) }).Add(new Tombstone
        {
            Node = node,
            Epoch = fact.Epoch,
            LostAt = TimeOf(Now),
            LastStatus = fact.Said?.Status ?? HealthStatus.Unknown,
            LastRevision = fact.Said?.Revision ?? 0,
            Sessions = fact.Said?.KeptSessions ?? 0,
            Reason = reason,
        });

    private FleetState Add(Tombstone tombstone)
    {
        var all = Tombstones.SetItem(tombstone.Node, tombstone);
        return this with
        {
            Tombstones = all.Count > FleetIdentity.MostTombstones ? all.Remove(all.Values.MinBy(one => one.LostAt)!.Node) : all,
        };
    }

    /// <summary>Of two who know the same node as gone, the newer run counts; a forgetting counts for all that was gone before it.</summary>
    private FleetState Merge(GoneSaid gone)
    {
        var state = gone.Forgettings.Where(IsOfNow).Aggregate(this, (after, one) => after.Forget(one));
        return gone.Tombstones.Where(one => IsOfTime(one.LostAt)).Aggregate(state, (after, one) => after.Learn(one));

        bool IsOfNow(Forgetting one) => IsOfTime(one.At);
    }

    /// <summary>What comes from a clock that is far ahead would stay for ever.</summary>
    private bool IsOfTime(DateTimeOffset time) => time <= TimeOf(Now).AddDays(1) && time > TimeOf(Now) - FleetIdentity.TombstoneLife;

    private FleetState Learn(Tombstone one)
    {
        var isKnown = one.Node == Self.Node
            || (Nodes.TryGetValue(one.Node, out var there) && string.CompareOrdinal(there.Epoch, one.Epoch) >= 0)
            || (Tombstones.TryGetValue(one.Node, out var known) && IsOlder(one, known))
            || (Forgettings.TryGetValue(one.Node, out var forgotten) && Covers(forgotten, one));

        // A node that is heard here is there, whatever others say.
        return isKnown || Nodes.ContainsKey(one.Node) ? this : Add(one);

        static bool IsOlder(Tombstone one, Tombstone known) => string.CompareOrdinal(one.Epoch, known.Epoch) switch
        {
            0 => known.Reason == one.Reason || known.Reason == TombstoneReason.Left,
            var order => order < 0,
        };
    }

    private FleetState Forget(Forgetting one)
    {
        if (Forgettings.TryGetValue(one.Node, out var known) && known.At >= one.At)
        {
            return this;
        }

        var all = Forgettings.SetItem(one.Node, one);
        return this with
        {
            Forgettings = all.Count > FleetIdentity.MostTombstones ? all.Remove(all.Values.MinBy(other => other.At)!.Node) : all,
            Tombstones = Tombstones.TryGetValue(one.Node, out var gone) && Covers(one, gone) ? Tombstones.Remove(one.Node) : Tombstones,
            Addresses = Nodes.ContainsKey(one.Node) ? Addresses : Addresses.Remove(one.Node),
        };
    }

    private static bool Covers(Forgetting forgotten, Tombstone gone) => string.CompareOrdinal(gone.Epoch, forgotten.Epoch) switch
    {
        0 => gone.LostAt <= forgotten.At + FleetIdentity.ClockAllowance,
        var order => order < 0,
    };

    private bool IsCurrent(NodeFact fact) =>
        fact.Said is not null && fact.SaidAt >= ConnectedAt && Now < fact.SaidAt + FleetIdentity.Freshness;

    private FleetNodeState StateOf(NodeFact fact) => fact.Node == Self.Node ? FleetNodeState.Self
        : ConnectedAt is null || fact.Standing == Standing.GivenUp ? FleetNodeState.Unknown
        : fact.Standing == Standing.Suspect ? FleetNodeState.Suspect
        : IsCurrent(fact) ? FleetNodeState.Alive
        : FleetNodeState.Unknown;

    private FleetNodeHealth HealthOf(NodeFact fact) => StateOf(fact) switch
    {
        FleetNodeState.Self when fact.Said is { } own => own,
        FleetNodeState.Alive => fact.Said!,
        FleetNodeState.Suspect => UnknownNode.Silent(fact.Said),
        FleetNodeState.Unknown when ConnectedAt is null => UnknownNode.CutOff(fact.Said),
        _ => fact.Said is null ? UnknownNode.Never : UnknownNode.Silent(fact.Said),
    };

    private FleetNode Show(NodeFact fact) => new()
    {
        Node = fact.Node,
        Epoch = fact.Epoch,
        State = fact.Shown,
        Since = TimeOf(fact.ShownSince),
        Heard = new NodeHeard(
            fact.Node == Self.Node || fact.Said is null ? null : TimeOf(fact.SaidAt),
            fact.AnsweredAt is { } answered ? TimeOf(answered) : null),
        Snapshot = HealthOf(fact),
        Management = fact.Management,
    };

    /// <summary>From this state to one of the same instant or a later one: finds what a reader sees of it.</summary>
    private FleetState Step(FleetState next, ImmutableArray<FleetChange>.Builder changes)
    {
        var after = next.Settle();
        if (ReferenceEquals(after.Nodes, Nodes) && ReferenceEquals(after.Tombstones, Tombstones) && after.Now == Now
            && after.ConnectedAt == ConnectedAt)
        {
            return after;
        }

        foreach (var fact in after.Nodes.Values.Where(fact => fact.Shown != after.StateOf(fact)))
        {
            after = after.Change(fact.Node, one => one with { Shown = after.StateOf(one), ShownSince = after.Now });
        }

        var found = new FleetDifference(this, after);
        foreach (var node in Nodes.Keys.Concat(after.Nodes.Keys).Concat(Tombstones.Keys).Concat(after.Tombstones.Keys)
            .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            if (found.Of(node) is { } kind)
            {
                after = after with { Revision = after.Revision + 1 };
                changes.Add(after.Report(node, kind, this));
            }
        }

        return after;
    }

    private FleetChange Report(string node, FleetChangeKind kind, FleetState before)
    {
        var peer = Find(node);
        return new FleetChange
        {
            Revision = Revision,
            Time = TimeOf(Now),
            Change = kind,
            Node = node,
            From = before.Find(node)?.Snapshot.Status ?? HealthStatus.Unknown,
            To = peer?.Snapshot.Status ?? HealthStatus.Unknown,
            Status = Status,
            Ready = Ready,
            Connected = Connected,
            Peer = peer,
            Tombstone = Tombstones.GetValueOrDefault(node),
        };
    }

    /// <summary>A node that is there, as a reader sees it; null when it is not there.</summary>
    public FleetNode? Find(string node) => Nodes.TryGetValue(node, out var fact) ? Show(fact) : null;
}
