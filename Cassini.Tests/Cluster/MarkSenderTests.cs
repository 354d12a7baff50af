using Cassini.Streams.Cluster;
using Cassini.Streams.Cluster.Sessions;
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
}
