using System.Collections.Immutable;
using Cassini.Streams.Broker.Sessions;

namespace Cassini.Streams.Cluster.Links;

/// <summary>
/// Sessions that have moved to a peer from another node, while something was kept for that node here: it is passed on to where they are.
/// What is published since they are known to be there is kept for the peer, and they get it from there. For one thread at a time.
/// </summary>
/// <param name="queue">What is kept for the other node.</param>
/// <param name="clients">Their clients.</param>
/// <param name="peersQueue">
/// What is kept for the peer, with the sequence number after which it is for them as well; null for nothing.
/// </param>
internal sealed class MovedClients(NodeQueue queue, ImmutableArray<ulong> clients, (NodeQueue Queue, long After)? peersQueue)
{
    private HashSet<long> _both = [];
    private bool _hasBegun;

    /// <summary>What is kept for the other node.</summary>
    public NodeQueue Queue => queue;

    /// <summary>Hashes of their clients.</summary>
    public ImmutableArray<ulong> Clients { get; private set; } = clients;

    /// <summary>The sequence number of what they got last; 0 for nothing.</summary>
    public long Passed { get; private set; }

    /// <summary>The last sequence number that is passed on.</summary>
    public long UpTo { get; private set; }

    /// <summary>Whether something that is kept for the other node is passed on.</summary>
    /// <param name="sequence">Its sequence number.</param>
    public bool Wants(long sequence) => sequence > Passed && sequence <= UpTo && !_both.Contains(sequence);

    /// <summary>They have got everything up to a sequence number.</summary>
    public void Reach(long sequence) => Passed = Math.Max(Passed, sequence);

    /// <summary>The peer says which sessions it has. Of these, only those go on.</summary>
    public void Retain(IReadOnlySet<ulong> those) => Clients = [.. Clients.Where(those.Contains)];

    /// <summary>
    /// All that was being published when they were found there is in both queues by now: what comes later is in that of the peer. Any
    /// number of times.
    /// </summary>
    public void Begin()
    {
        if (_hasBegun)
        {
            return;
        }

        _hasBegun = true;
        UpTo = queue.Last;
        if (peersQueue is var (other, after))
        {
            var theirs = other.LastOrigins().Where(one => one.Key > after).Select(one => one.Value).ToHashSet();
            _both = [.. queue.LastOrigins().Where(one => theirs.Contains(one.Value)).Select(one => one.Key)];
        }
    }
}
