using Cassini.Streams.Broker.Model;

namespace Cassini.Streams.Broker.Routing;

/// <summary>
/// What a node of a fleet knows of its retained messages beside the messages. Belongs to the lock of the retained messages.
/// </summary>
/// <param name="clock">Gives stamps.</param>
/// <param name="marks">What was removed.</param>
/// <param name="unstamped">The stamp of what a broker on its own had retained on this node: older than any other.</param>
/// <param name="peers">The other nodes.</param>
internal sealed class RetainedReplica(RetainedClock clock, RetainedMarks marks, RetainedStamp unstamped, IRetainedPeers peers)
{
    public RetainedClock Clock => clock;

    public RetainedMarks Marks => marks;

    public RetainedStamp Unstamped => unstamped;

    public IRetainedPeers Peers => peers;

    public RetainedDigest Digest { get; } = new();

    /// <summary>This node has heard of every change whose clock is smaller.</summary>
    public ulong KnownUpTo { get; set; }
}
