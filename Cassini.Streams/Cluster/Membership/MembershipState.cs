using System.Collections.Immutable;

namespace Cassini.Streams.Cluster.Membership;

/// <summary>
/// Which peers there are, by when they were heard: a fold of what comes from them and of time. A deadline that passes between two inputs
/// counts at its own instant, so that the transitions do not depend on how often somebody looks. Immutable.
/// </summary>
internal sealed record MembershipState
{
    private static readonly ImmutableArray<PeerTransition> Nothing = [];

    /// <summary>No peer is known.</summary>
    /// <param name="suspectAfter">The silence after which a peer is suspected.</param>
    /// <param name="deadAfter">The silence after which it is lost; longer.</param>
    public MembershipState(TimeSpan suspectAfter, TimeSpan deadAfter)
    {
        SuspectAfter = suspectAfter;
        DeadAfter = deadAfter;
    }

    public TimeSpan SuspectAfter { get; }

    public TimeSpan DeadAfter { get; }

    /// <summary>The peers by their names: those that are lost too, until they are back or forgotten.</summary>
    public ImmutableSortedDictionary<string, Peer> Peers { get; private init; } =
        ImmutableSortedDictionary.Create<string, Peer>(StringComparer.Ordinal);

    /// <summary>The next instant at which time alone changes something; null for none.</summary>
    public TimeSpan? Next => Peers.Values.Min(DeadlineOf);

    /// <summary>A peer says that it lives.</summary>
    /// <param name="node">Its name.</param>
    /// <param name="epoch">The run of its process; a later one sorts after an earlier one, unless its clock was set back.</param>
    /// <param name="now">When it was heard.</param>
    public (MembershipState State, ImmutableArray<PeerTransition> Transitions) Hear(string node, string epoch, TimeSpan now)
    {
        var (state, due) = Advance(now);
        var known = state.Peers.GetValueOrDefault(node);
        if (known is { State: PeerState.Alive } && string.CompareOrdinal(epoch, known.Epoch) < 0)
        {
            // A late word of an earlier run. When the later run is silent, the clock of that machine was set back.
            return (state, due);
        }

        var transition = known is null || known.Epoch != epoch
            ? new PeerTransition(PeerChange.Joined, node, epoch, now, TimeSpan.Zero)
            : known.State != PeerState.Alive
                ? new PeerTransition(PeerChange.Back, node, epoch, now, now - known.HeardAt)
                : (PeerTransition?)null;
        var heard = state with { Peers = state.Peers.SetItem(node, new Peer(epoch, now, PeerState.Alive)) };
        return (heard, transition is { } happened ? due.Add(happened) : due);
    }

    /// <summary>A peer says that it stops.</summary>
    /// <inheritdoc cref="Hear"/>
    public (MembershipState State, ImmutableArray<PeerTransition> Transitions) Leave(string node, string epoch, TimeSpan now)
    {
        var (state, due) = Advance(now);
        return state.Peers.TryGetValue(node, out var known) && known.Epoch == epoch
            ? (state with { Peers = state.Peers.Remove(node) },
                due.Add(new PeerTransition(PeerChange.Left, node, epoch, now, now - known.HeardAt)))
            : (state, due);
    }

    /// <summary>A peer is known no more.</summary>
    public MembershipState Forget(string node) => this with { Peers = Peers.Remove(node) };

    /// <summary>This node itself stood still for a while, in which it could hear nobody: that was nobody's silence.</summary>
    public MembershipState Forgive(TimeSpan pause) => this with
    {
        Peers = Peers.ToImmutableSortedDictionary(
            one => one.Key, one => one.Value with { HeardAt = one.Value.HeardAt + pause }, StringComparer.Ordinal),
    };

    /// <summary>Time passes.</summary>
    /// <param name="now">What time it is.</param>
    public (MembershipState State, ImmutableArray<PeerTransition> Transitions) Advance(TimeSpan now)
    {
        if (Next is not { } next || next > now)
        {
            return (this, Nothing);
        }

        var transitions = ImmutableArray.CreateBuilder<PeerTransition>();
        var state = this;
        while (state.Next is { } at && at <= now)
        {
            foreach (var (node, peer) in state.Peers.Where(one => DeadlineOf(one.Value) == at))
            {
                var (change, after) = peer.State == PeerState.Alive
                    ? (PeerChange.Suspected, PeerState.Suspect)
                    : (PeerChange.Lost, PeerState.Lost);
                transitions.Add(new PeerTransition(change, node, peer.Epoch, at, at - peer.HeardAt));
                state = state with { Peers = state.Peers.SetItem(node, peer with { State = after }) };
            }
        }

        return (state, transitions.ToImmutable());
    }

    private TimeSpan? DeadlineOf(Peer peer) => peer.State switch
    {
        PeerState.Alive => peer.HeardAt + SuspectAfter,
        PeerState.Suspect => peer.HeardAt + DeadAfter,
        _ => null,
    };

    /// <summary>One peer.</summary>
    /// <param name="Epoch">The run of its process.</param>
    /// <param name="HeardAt">When it was heard last.</param>
    /// <param name="State">What that means now.</param>
    public sealed record Peer(string Epoch, TimeSpan HeardAt, PeerState State);
}
