using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Cluster.Links;

namespace Cassini.Streams.Cluster.Retained;

/// <summary>Sends what this node retains to all peers that are there, whether they have subscribers or not. Thread-safe.</summary>
internal sealed class RetainedPeers : IRetainedPeers
{
    private ClusterPeer[] _peers = [];

    /// <summary>These are the peers from now on. One that is lost has no link.</summary>
    public void Set(IEnumerable<ClusterPeer> peers) => Volatile.Write(ref _peers, [.. peers]);

    /// <inheritdoc/>
    public void Send(ref Publication message, FlushSet flushes)
    {
        foreach (var peer in Volatile.Read(ref _peers))
        {
            peer.Send(ref message, message.QoS, flushes);
        }
    }
}
