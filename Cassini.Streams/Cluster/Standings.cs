using System.Collections.Immutable;
using Cassini.Streams.Cluster.Interest;
using Cassini.Streams.Cluster.Links;

namespace Cassini.Streams.Cluster;

/// <summary>
/// Whether two nodes count each other. One that gives a peer up lets sessions go without its marks, and the peer may not have noticed: then
/// what it has sent for these sessions, and was not taken, must not be taken for others. So nothing of it is taken until it has given up
/// its link, too, and keeps what was on that for where its sessions are now. For the lock of its node.
/// </summary>
/// <param name="self">This node.</param>
/// <param name="options">The fleet.</param>
/// <param name="peers">The peers.</param>
/// <param name="hasJoined">Whether this node has joined: before, no session comes to it or leaves it.</param>
/// <param name="links">The links to them.</param>
/// <param name="sender">Says to peers what this node has to say.</param>
/// <param name="time">The one clock.</param>
internal sealed class Standings(
    NodeRun self, ClusterOptions options, Func<IEnumerable<PeerNode>> peers, Func<bool> hasJoined, PeerLinks links, ControlSender sender,
    TimeProvider time)
{
    /// <summary>Of a node that does not know this one there is no term.</summary>
    private const long Unknown = -1;

    private long _lastTerm;

    /// <summary>What this node says; null before it has joined.</summary>
    public ImmutableArray<Standing>? Own =>
        hasJoined() ? [.. peers().Select(peer => new Standing(peer.Name, peer.Term, peer.IsCounted))] : null;

    /// <summary>A peer is given up, or met when this node has joined: nothing of it is taken until it knows that.</summary>
    public void Begin(PeerNode peer)
    {
        if (hasJoined())
        {
            peer.Term = ++_lastTerm;
            peer.IsCounted = false;
            peer.Receiver.Refuse();
        }
    }

    /// <summary>A peer says how it stands with others: of this node it may have let sessions go without its marks.</summary>
    public void Hear(PeerNode peer, ImmutableArray<Standing>? said)
    {
        if (said is not { } all)
        {
            return;
        }

        var mine = all.FirstOrDefault(one => one.Node == self.Node);
        if (mine is { Counts: true })
        {
            return;
        }

        // Before it has joined it has published nothing.
        if (hasJoined())
        {
            peer.LeftOutAt = time.GetTimestamp();
            RenewOnce(peer, mine?.Term ?? Unknown);
        }

        if (mine is not null && peer.Subscriber.Link is { } link)
        {
            sender.Tell(peer.Name, new TermHeeded(self.Node, self.Epoch, peer.Epoch, mine.Term, link.Number));
        }
    }

    /// <summary>A peer knows of a term, and says which of its links it has opened since.</summary>
    public void Hear(PeerNode peer, TermHeeded heeded)
    {
        if (heeded.Term == peer.Term && !peer.IsCounted)
        {
            peer.IsCounted = peer.Receiver.TryTakeFrom(heeded.Link);
        }
    }

    /// <summary>Time has passed. A peer of an earlier version does not say that it knows: it is not waited for for ever.</summary>
    public void Look(PeerNode peer)
    {
        if (!peer.IsCounted && peer.Subscriber.Link is not null && time.GetElapsedTime(peer.OpenedAt) > 3 * options.TakeOverPatience)
        {
            peer.IsCounted = peer.Receiver.TryTakeFrom(LinkNumber.Before(peer.Receiver.Run) + 1);
        }
    }

    /// <summary>
    /// A peer says what it has. A session that has come there from another one while the peer did not count this node, and without the
    /// mark of this node, shows that the other one has not counted it either.
    /// </summary>
    public void Review(PeerNode peer, InterestDelta said)
    {
        var isLeftOut = peer.LeftOutAt is { } leftOut && !(peer.IsKnown && time.GetElapsedTime(leftOut) > 3 * options.TakeOverPatience);
        var come = said.Claims.Where(KeptClients.HasMoved).ToList();
        foreach (var other in peers().Where(other => other != peer && other.Subscriber.Link is not null).ToList())
        {
            if (isLeftOut && other.OpenedAt < peer.LeftOutAt && come.Exists(claim => HasLeftUnmarked(other, claim)))
            {
                links.Renew(other);
            }

            come.ForEach(claim => other.NoteLeft(claim.Client));
        }

        bool HasLeftUnmarked(PeerNode other, ClientClaim claim) =>
            other.Interest.Clients.TryGetValue(claim.Client, out var before) && before.Phase == ClaimPhase.Kept
            && claim.HoldsAgainst(before, peer.Name, other.Name) && !other.NeedsMark(claim.Client, peer.Name);
    }

    private void RenewOnce(PeerNode peer, long term)
    {
        if (peer.TermHeeded != term && peer.Subscriber.Link is not null)
        {
            peer.TermHeeded = term;
            links.Renew(peer);
        }
    }
}
