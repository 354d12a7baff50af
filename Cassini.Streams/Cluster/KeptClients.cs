using System.Collections.Immutable;
using Cassini.Streams.Broker.Sessions;
using Cassini.Streams.Cluster.Interest;
using Cassini.Streams.Cluster.Sessions;

namespace Cassini.Streams.Cluster;

/// <summary>
/// Where the sessions are for which something is kept. They were on one node when that was lost; one that has moved since, while this node
/// heard of neither, gets it on the node where it is. For the lock of its node.
/// </summary>
/// <param name="self">This node.</param>
/// <param name="options">The fleet.</param>
/// <param name="peers">The peers.</param>
/// <param name="hasJoined">Whether this node has joined.</param>
/// <param name="own">Who has a session here.</param>
/// <param name="sessions">Has the queues.</param>
internal sealed class KeptClients(
    NodeRun self, ClusterOptions options, Func<IEnumerable<PeerNode>> peers, Func<bool> hasJoined, OwnClients own, SessionTable sessions)
{
    /// <summary>Whether the session of a claim has come from another node, or was there before a restart.</summary>
    public static bool HasMoved(ClientClaim claim) => IsKept(claim) && !claim.HasBegunHere;

    /// <summary>The clients whose sessions a peer keeps that is lost just now.</summary>
    public ImmutableArray<ulong> Of(PeerNode lost) =>
        [.. lost.Interest.Clients.Values.Where(claim => IsKept(claim) && LaterOf(claim, lost) is null && !IsHere(claim, lost))
            .Select(claim => claim.Client)];

    /// <summary>
    /// Clients whose sessions have come to a peer, by the queue that something is kept for them in: without those of which it is known.
    /// </summary>
    /// <param name="peer">The peer.</param>
    /// <param name="claims">What it says.</param>
    public List<(NodeQueue Queue, ImmutableArray<ulong> Clients)> MovedTo(PeerNode peer, IReadOnlyCollection<ClientClaim> claims)
    {
        var moved = new List<(NodeQueue, ImmutableArray<ulong>)>();
        foreach (var queue in sessions.Queues.Where(queue => queue.Node != peer.Name && queue.Clients.Count > 0))
        {
            var before = peers().FirstOrDefault(other => other.Name == queue.Node);
            ImmutableArray<ClientClaim> theirs =
                [.. claims.Where(claim => queue.Clients.Contains(claim.Client) && claim.Phase != ClaimPhase.Wanted)
                    .Where(claim => before is null || !HoldsAgainst(before, claim, peer))];

            if (theirs.Any(claim => !HasMoved(claim)))
            {
                // What was kept was for another session of the client, which has ended.
                queue.RemoveClients(theirs.Where(claim => !HasMoved(claim)).Select(claim => claim.Client));
            }

            ImmutableArray<ulong> clients =
                [.. theirs.Where(HasMoved).Select(claim => claim.Client).Where(client => !IsMoved(peer, client))];
            if (!clients.IsEmpty)
            {
                moved.Add((queue, clients));
            }
        }

        return moved;
    }

    /// <summary>
    /// Whether a session that something is kept for may be on its way to a peer, without what this node has. It is not when the node that
    /// has it awaits what is kept: then it waits for the mark of this node.
    /// </summary>
    /// <param name="peer">The peer.</param>
    /// <param name="claims">What it says.</param>
    public bool MayMoveTo(PeerNode peer, IReadOnlyCollection<ClientClaim> claims)
    {
        return sessions.Queues.Any(queue => queue.Node != peer.Name && claims.Any(
            claim => claim.Phase == ClaimPhase.Wanted && queue.Clients.Contains(claim.Client) && !WaitsForMark(queue.Node, claim.Client)));

        bool WaitsForMark(string node, ulong client) =>
            peers().Any(before => before.Name == node && before.AwaitsQueue && before.Interest.Clients.ContainsKey(client));
    }

    /// <summary>
    /// Whether what is kept for a peer may be sent to it: each session that it is for is there, or got its part elsewhere, or is not to be
    /// found. Who may have one, and is not heard yet, is waited for.
    /// </summary>
    /// <param name="peer">The peer, which is there.</param>
    /// <param name="queue">What is kept for it.</param>
    /// <param name="waited">How long it was waited for.</param>
    public bool AreFound(PeerNode peer, NodeQueue queue, TimeSpan waited)
    {
        var mayWait = waited < options.DeadAfter && (!hasJoined() || peers().Any(other => other.Subscriber.Link is null || !other.IsKnown));
        var live = peers().Where(other => other.Subscriber.Link is not null).ToList();
        foreach (var client in queue.Clients)
        {
            var isThere = peer.Interest.Clients.TryGetValue(client, out var claim) && IsKept(claim);
            var elsewhere = isThere ? LaterOf(claim, peer) : LatestOf(live, client);
            if (elsewhere is { } later ? HasMoved(later) || (later.Phase == ClaimPhase.Wanted && waited < options.DeadAfter)
                : !isThere && mayWait && own.Find(client) is not (_, { Phase: not ClaimPhase.Wanted }, _))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>
    /// Whether a client had a session on a node when that was lost, and it is not known where it is now: that node may have said that it
    /// has gone, and who has it is not heard yet.
    /// </summary>
    public bool IsSought(ulong client) => sessions.Queues.Any(queue => queue.Clients.Contains(client));

    /// <summary>A client has a session on this node that has begun there: what is kept is not for that.</summary>
    public void Forget(ulong client)
    {
        foreach (var queue in sessions.Queues.Where(queue => queue.Clients.Contains(client)))
        {
            queue.RemoveClients([client]);
        }
    }

    /// <summary>Whether this node has a later session of a client than a peer.</summary>
    private bool IsHere(ClientClaim claim, PeerNode ofClaim) => own.Find(claim.Client) is var (_, here, _)
        && here.Phase != ClaimPhase.Wanted && here.HoldsAgainst(claim, self.Node, ofClaim.Name);

    private static bool IsKept(ClientClaim claim) => claim.Phase == ClaimPhase.Kept;

    private static bool HoldsAgainst(PeerNode peer, ClientClaim claim, PeerNode ofClaim) =>
        peer.Subscriber.Link is not null && peer.Interest.Clients.TryGetValue(claim.Client, out var other)
        && other.Phase != ClaimPhase.Wanted && other.HoldsAgainst(claim, peer.Name, ofClaim.Name);

    /// <summary>The later claim of a live peer; null for none.</summary>
    private ClientClaim? LaterOf(ClientClaim claim, PeerNode ofClaim) =>
        peers().FirstOrDefault(other => other != ofClaim && HoldsAgainst(other, claim, ofClaim))?.Interest.Clients[claim.Client];

    private static bool IsMoved(PeerNode peer, ulong client) => peer.Moved.Exists(moved => moved.Clients.Contains(client));

    /// <summary>What some peers say of a client: the latest of those that have its session, else that of one that wants it.</summary>
    private static ClientClaim? LatestOf(List<PeerNode> some, ulong client)
    {
        ClientClaim? latest = null;
        foreach (var peer in some)
        {
            if (peer.Interest.Clients.TryGetValue(client, out var claim)
                && (latest is not { } other || (claim.Phase != ClaimPhase.Wanted, claim.Stamp).CompareTo(
                    (other.Phase != ClaimPhase.Wanted, other.Stamp)) > 0))
            {
                latest = claim;
            }
        }

        return latest;
    }
}
