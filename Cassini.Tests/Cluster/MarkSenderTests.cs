using System.Collections.Concurrent;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Upkeep;
using Cassini.Streams.Cluster;
using Cassini.Streams.Cluster.Sessions;
using Cassini.Streams.Mqtt;
using Cassini.Tests.Broker;
using Cassini.Tests.Support;

namespace Cassini.Tests.Cluster;

public class MarkSenderTests
{
    // Whoever waits would wait for ever, and the node that stops with it.
    [Fact]
    public async Task Send_ThatFails_FailsForThoseThatWaitAndForTheNode()
    {
        await using var rig = new BrokerRig();
        var peers = new SilentPeers { FindSettled = node => throw new InvalidOperationException($"a bug with {node}") };
        var tasks = new NodeTasks();
        var failed = tasks.WatchFailures();
        var marks = new MarkSender(rig.Broker, peers, tasks);

        var sending = marks.SendAsync("n2", null, 1);

        await Should.ThrowAsync<InvalidOperationException>(() => Eventually.CompletesAsync("it is over", sending));
        await Eventually.CompletesAsync("nothing is left to do", tasks.WhenIdle());
        failed.IsFaulted.ShouldBeTrue();
        peers.FindSettled = static _ => true;
        (await Eventually.CompletesAsync("the next one begins anew", marks.SendAsync("n2", null, 2))).ShouldBeTrue();
    }

    // Its copies are for those that were there when it was routed: what follows the mark is taken for what came after the move began.
    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task Send_WhileAMessageIsBeingPublished_WaitsUntilItHasReachedItsSubscribers(bool isOfClient, bool isBetweenTheMarks)
    {
        await using var rig = new BrokerRig();
        var publisher = await rig.ConnectAsync("p");
        using var subscriber = new SlowSubscriber();
        rig.Broker.Tree.Add(new Subscription(subscriber, "t", QualityOfService.AtMostOnce, false, false, []));
        using var pause = new Pause();
        var marked = new ConcurrentQueue<string>();
        var peers = new SilentPeers();
        peers.FindSettled = _ =>
        {
            pause.WaitOnce(!isBetweenTheMarks);
            return true;
        };
        peers.Marked = (node, _) =>
        {
            marked.Enqueue(node);
            pause.WaitOnce(isBetweenTheMarks);
        };
        string[] before = isBetweenTheMarks ? ["n2"] : [];

        var sending = new MarkSender(rig.Broker, peers, new NodeTasks()).SendAsync("n2", "n3", 1);
        await Eventually.HoldsAsync("it is about to wait", () => pause.IsReached);
        var publishing = isOfClient
            ? publisher.SendAsync(Crowd.PublishPacketOf("t", "x", 1))
            : Task.Run(() => PublishAsync(rig), TestContext.Current.CancellationToken);
        await Eventually.HoldsAsync("it is being published", () => subscriber.IsGetting);
        pause.End();
        await Eventually.HoldsAsync("it goes on", () => pause.IsOver);
        for (var i = 0; i < 200; i++)
        {
            // Whatever is ready on the pool runs.
            await Task.Run(static () => { }, TestContext.Current.CancellationToken);
        }

        marked.ShouldBe(before);
        subscriber.End();
        (await Eventually.CompletesAsync("both are sent", sending)).ShouldBeTrue();
        marked.ShouldBe(["n2", "n3"]);
        await Eventually.CompletesAsync("it is published", publishing);
    }

    private static Task<LocalVerdict> PublishAsync(BrokerRig rig) => rig.Broker.CreateClient("ops", "ops").PublishAsync(
        new MqttMessage { Topic = "t", Payload = "x"u8.ToArray() }, null, null, TestContext.Current.CancellationToken);

    /// <summary>Stops a thread at one place until the test lets it go on.</summary>
    private sealed class Pause : IDisposable
    {
        private readonly TaskCompletionSource _end = new();
        private volatile bool _isReached;
        private volatile bool _isOver;

        public bool IsReached => _isReached;

        /// <summary>Whether the thread goes on.</summary>
        public bool IsOver => _isOver;

        public void WaitOnce(bool isHere)
        {
            if (isHere)
            {
                _isReached = true;
                _end.Task.Wait();
                _isOver = true;
            }
        }

        public void End() => _end.TrySetResult();

        /// <summary>A test that has failed holds up nobody.</summary>
        public void Dispose() => End();
    }

    /// <summary>A subscriber that holds up the thread that delivers, until the test lets it go on.</summary>
    private sealed class SlowSubscriber : Subscriber, IDisposable
    {
        private readonly Pause _pause = new();

        public bool IsGetting => _pause.IsReached;

        public override bool IsReachable => true;

        public override bool KeepsMessages => false;

        public void End() => _pause.End();

        public override void Deliver(ref Publication message, Subscription subscription, FlushSet flushes) => _pause.WaitOnce(isHere: true);

        public void Dispose() => _pause.Dispose();
    }
}
