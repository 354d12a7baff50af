using Cassini.Streams.Cluster;
using Cassini.Streams.Events;
using Cassini.Tests.Support;
using Cassini.Tests.VirtualTime;

namespace Cassini.Tests.Cluster;

/// <summary>What happens under the lock of a node is published when the lock is left, in order.</summary>
public class NodeLockTests
{
    // A hub whose queue is full holds up who publishes, and a fold may wait for a thread that asks the node.
    [Fact]
    public void Node_PublishesThatAPeerIsThere_CanBeAskedByAnotherThread()
    {
        var clock = new VirtualClock();
        var engine = new SimulatedEngine(clock, new Random(1));
        using var first = new SimulatedNode(clock, engine, "n1", new ClusterOptions());
        var seen = new List<string>();
        first.Events.Published = happened =>
        {
            if (happened is PeerJoined)
            {
                var asking = new Thread(() => seen.AddRange(first.Node.Peers)) { IsBackground = true };
                asking.Start();
                asking.Join(Eventually.Deadline).ShouldBeTrue("the node answers");
            }
        };

        using var second = new SimulatedNode(clock, engine, "n2", new ClusterOptions());
        clock.AdvanceBy(TimeSpan.FromSeconds(2));

        seen.ShouldBe(["n2"]);
    }

    [Fact]
    public void Scope_WithinAnother_IsPublishedWhenTheOuterOneIsLeft()
    {
        var events = new RecordingPublisher();
        var nodeLock = new NodeLock(events);

        using (nodeLock.Enter())
        {
            nodeLock.NoteLocked(new PeerLeft("a"));
            using (nodeLock.Enter())
            {
                nodeLock.NoteLocked(new PeerLeft("b"));
            }

            events.Events.ShouldBeEmpty();
        }

        events.Events.ShouldBe([new PeerLeft("a"), new PeerLeft("b")]);
    }

    [Fact]
    public void Scope_WhileAnotherThreadPublishes_DoesNotWaitAndIsPublishedAfterIt()
    {
        var events = new RecordingPublisher();
        var nodeLock = new NodeLock(events);
        events.Published = happened =>
        {
            if (happened is PeerLeft { Node: "a" })
            {
                var other = new Thread(() => Leave("c")) { IsBackground = true };
                other.Start();
                other.Join(Eventually.Deadline).ShouldBeTrue("it does not wait for the publisher");
                events.Events.Count.ShouldBe(1, "b was noted before c, and is not published yet");
            }
        };

        using (nodeLock.Enter())
        {
            nodeLock.NoteLocked(new PeerLeft("a"));
            nodeLock.NoteLocked(new PeerLeft("b"));
        }

        events.Events.ShouldBe([new PeerLeft("a"), new PeerLeft("b"), new PeerLeft("c")]);

        void Leave(string node)
        {
            using (nodeLock.Enter())
            {
                nodeLock.NoteLocked(new PeerLeft(node));
            }
        }
    }
}
