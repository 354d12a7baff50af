using Cassini.Streams.Broker;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Cluster.Engine;
using Cassini.Streams.Cluster.Interest;
using Cassini.Streams.Cluster.Links;
using Cassini.Streams.Cluster.Retained;
using Cassini.Streams.Events;

namespace Cassini.Streams.Cluster;

/// <summary>Makes what this node has of its peers. For the lock of its node.</summary>
/// <param name="self">This node.</param>
/// <param name="subjects">The subjects of the fleet.</param>
/// <param name="broker">The broker.</param>
/// <param name="durability">How far its store is.</param>
/// <param name="bus">Carries messages.</param>
/// <param name="options">The bounds of links.</param>
/// <param name="met">Called with a peer before its first frame is taken.</param>
/// <param name="marked">Called with a mark that came from a peer, on the thread of the bus.</param>
/// <param name="time">The one clock.</param>
internal sealed class PeerFactory(
    NodeRun self, Subjects subjects, MqttBroker broker, Durability durability, IBus bus, LinkOptions options,
    Action<ClusterPeer> met, Action<string, ClusterPeer, ulong> marked, TimeProvider time)
{
    private readonly ulong _run = RunOf(self.Epoch);

    private ulong _lastLink = LinkNumber.Before(RunOf(self.Epoch));

    /// <summary>A run of a peer.</summary>
    /// <param name="node">The name of the peer.</param>
    /// <param name="epoch">The run; empty when it was gone before this node was started.</param>
    /// <param name="before">Another run: its sessions, and what is kept for these, are those of this one. Null for none.</param>
    public PeerNode Make(string node, string epoch, PeerNode? before)
    {
        var subscriber = before?.Subscriber ?? new ClusterPeer(broker.Shares);
        var interest = before?.Interest ?? new PeerInterest(broker.Tree, subscriber);
        if (before is null && broker.Sessions.FindQueue(node) is { } queue)
        {
            interest.Restore(queue.Filters, queue.Topics);
            subscriber.Lose(queue, broker.Topics, time);
        }

        var receiver = new LinkReceiver(
            subscriber, broker.Peers.Publish, durability, time, mark => marked(node, subscriber, mark))
        {
            Run = RunOf(epoch),
        };
        var retained = new RetainedSync(
            subscriber, broker.Retained, broker.Peers, durability, bus,
            (subjects.Retained(from: self.Node, to: node), subjects.Retained(from: node, to: self.Node)), (_run, RunOf(epoch)), time);
        return new PeerNode(node, epoch, subscriber, interest, receiver, retained);
    }

    /// <summary>From now on frames of the peer are taken.</summary>
    public void Hear(PeerNode peer)
    {
        met(peer.Subscriber);
        peer.Frames = bus.Subscribe(subjects.Data(from: peer.Name, to: self.Node), peer.Receiver.Receive);
    }

    /// <summary>A new link to a peer.</summary>
    public LinkSender MakeLink(string node) =>
        new(bus, subjects.Data(from: self.Node, to: node), ++_lastLink, options, time);

    private static ulong RunOf(string epoch) => Epoch.TryParse(epoch, out var run) ? run.Value : 0;
}
