using Cassini.Streams.Broker.Model;

namespace Cassini.Streams.Cluster.Links;

/// <summary>
/// Stands for another node among the subscribers of a message: it gets one copy, however many subscribers it has. Thread-safe.
/// </summary>
internal sealed class ClusterPeer : Subscriber
{
    private LinkSender? _link;

    /// <summary>Where its messages go; null while it is lost.</summary>
    public LinkSender? Link
    {
        get => Volatile.Read(ref _link);
        set => Volatile.Write(ref _link, value);
    }

    public override bool IsReachable => true;

    public override bool IsListed => false;

    public override bool IsPeer => true;

    public override bool KeepsMessages => false;

    public override void Deliver(ref Publication message, Subscription subscription, FlushSet flushes)
    {
        // One hop: who sent it has sent it to all others. What each node retains was sent to all. The broker's own topics are those of one.
        if (!message.IsOfPeer && message.Change is null && !message.Topic.IsSystem)
        {
            Link?.Add(ref message, subscription.Lower(message.QoS), flushes);
        }
    }
}
