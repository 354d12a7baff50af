using System.Collections.Immutable;
using Cassini.Streams.Cluster.Engine;
using Cassini.Streams.Cluster.Sessions;
using Cassini.Streams.Fleet;

namespace Cassini.Streams.Cluster;

/// <summary>The peers, for readers, and for those who move sessions between them. Takes the lock of the node; thread-safe.</summary>
/// <param name="table">The peers.</param>
/// <param name="join">Whether this node has joined.</param>
/// <param name="conflicts">Sessions that two nodes have.</param>
/// <param name="kept">Where the sessions are that something is kept for.</param>
/// <param name="sender">Says to peers what this node has to say.</param>
/// <param name="buses">Carry what nodes say to each other, and messages.</param>
/// <param name="subjects">The subjects of the fleet.</param>
/// <param name="nodeLock">The lock of the node.</param>
internal sealed class FleetPeers(
    PeerTable table, JoinGate join, SessionConflicts conflicts, KeptClients kept, ControlSender sender, (IBus Control, IBus Data) buses,
    Subjects subjects, NodeLock nodeLock) : IPeers
{
    /// <inheritdoc/>
    public ImmutableArray<string> Live
    {
        get
        {
            using (nodeLock.Enter())
            {
                return [.. table.Live.Select(peer => peer.Name).Order(StringComparer.Ordinal)];
            }
        }
    }

    /// <summary>The link to each peer, and what is known of each other's subscriptions. Any thread.</summary>
    public ImmutableDictionary<string, (NodeLinks Links, NodeInterest Interest)> Links
    {
        get
        {
            using (nodeLock.Enter())
            {
                return table.All.ToImmutableDictionary(
                    peer => peer.Name,
                    peer => (
                        new NodeLinks(peer.Subscriber.Link is not null, peer.Subscriber.Link?.Dropped ?? peer.Dropped),
                        new NodeInterest(peer.IsKnown, peer.Interest.Version, join.IsConfirmedBy(peer))),
                    StringComparer.Ordinal);
            }
        }
    }

    /// <inheritdoc/>
    public bool IsConnected => buses.Control.IsConnected;

    /// <inheritdoc/>
    public int LargestPiece => buses.Data.LargestMessage;

    /// <inheritdoc/>
    public bool HasJoined
    {
        get
        {
            using (nodeLock.Enter())
            {
                return join.HasJoined;
            }
        }
    }

    /// <summary>A lost peer is known no more. Any thread.</summary>
    /// <param name="node">Its name; of one that is not lost nothing happens.</param>
    public void Forget(string node)
    {
        using (nodeLock.Enter())
        {
            table.ForgetGone(node);
        }
    }

    /// <inheritdoc/>
    public string? EpochOf(string node)
    {
        using (nodeLock.Enter())
        {
            return table.Find(node) is { Subscriber.Link: not null } peer ? peer.Epoch : null;
        }
    }

    /// <inheritdoc/>
    public ImmutableArray<ClientOwner> OwnersOf(ulong client)
    {
        using (nodeLock.Enter())
        {
            var owners = ImmutableArray.CreateBuilder<ClientOwner>();
            foreach (var peer in table.All)
            {
                if (peer.Interest.Clients.TryGetValue(client, out var claim))
                {
                    owners.Add(new ClientOwner(peer.Name, claim, peer.Subscriber.Link is not null));
                }
            }

            return owners.ToImmutable();
        }
    }

    /// <inheritdoc/>
    public bool IsSought(ulong client)
    {
        using (nodeLock.Enter())
        {
            return kept.IsSought(client);
        }
    }

    /// <inheritdoc/>
    public Task<bool> WhenJoinedAsync(CancellationToken cancellationToken) => join.WhenJoinedAsync(cancellationToken);

    /// <inheritdoc/>
    public Task WhenKnownAsync(CancellationToken cancellationToken) => join.WhenKnownAsync(cancellationToken);

    /// <inheritdoc/>
    public void Supersede(ulong client)
    {
        using (nodeLock.Enter())
        {
            conflicts.Supersede(client);
            kept.Forget(client);
        }
    }

    /// <inheritdoc/>
    public bool IsSettled(string node)
    {
        using (nodeLock.Enter())
        {
            return table.Find(node)?.Subscriber is { Link: not null, Queue: null };
        }
    }

    /// <inheritdoc/>
    public void Mark(string node, ulong mark, (ulong Client, string To)? leaving)
    {
        using (nodeLock.Enter())
        {
            if (table.Find(node) is { Subscriber: { Queue: null, Link: { } link } } peer)
            {
                link.Mark(mark);
                if (leaving is var (client, to))
                {
                    peer.NoteMarked(client, to);
                }
            }
        }
    }

    /// <inheritdoc/>
    public void TellAll(ControlMessage message) => sender.TellAll(message);

    /// <inheritdoc/>
    public void Tell(string node, ControlMessage message) => sender.Tell(node, message);

    /// <inheritdoc/>
    public void SendPiece(string node, ReadOnlySpan<byte> piece) => buses.Data.TryPublish(subjects.Pieces(node), piece);
}
