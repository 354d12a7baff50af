namespace Cassini.Streams.Cluster.Links;

/// <summary>Says on a link which sessions are to get what is sent from a peer's own queue: not those that came to it later.</summary>
/// <param name="peer">The peer.</param>
/// <param name="link">Where it is sent.</param>
internal sealed class DrainAudience(ClusterPeer peer, LinkSender link)
{
    private int _named;

    /// <summary>What is sent next has a sequence number.</summary>
    public void Name(long sequence)
    {
        // Each number is for all that are for the numbers before it, and some more.
        var late = peer.Latecomers.RemoveAll(one => one.UpTo < sequence);
        if (late.Length != _named)
        {
            _named = late.Length;
            link.Address(late.IsEmpty ? Addressing.Everyone : Addressing.Except, late.SelectMany(one => one.Clients));
        }
    }

    /// <summary>Nothing more is sent from the queue.</summary>
    public void End()
    {
        if (_named > 0)
        {
            link.Address(Addressing.Everyone, []);
        }
    }
}
