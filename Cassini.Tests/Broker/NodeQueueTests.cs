using System.Text;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Sessions;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;

namespace Cassini.Tests.Broker;

/// <summary>What is kept for another node of the fleet while it is gone.</summary>
public class NodeQueueTests
{
    [Fact]
    public async Task Queue_KeepsWhatItsFiltersWant_InItsOrder_UntilItIsTaken()
    {
        await using var rig = new BrokerRig();
        var queue = rig.Broker.Sessions.OpenQueue("n2", ["a/#", "a/b"], [], []).ShouldNotBeNull();
        rig.Broker.Sessions.OpenQueue("n2", ["c"], [], []).ShouldBeSameAs(queue);
        Add(rig, queue, "a/b", "1").ShouldBeTrue();
        Add(rig, queue, "x", "2").ShouldBeFalse();
        Add(rig, queue, "c", "3").ShouldBeTrue();

        var kept = await ReadAsync(queue);
        kept.Select(one => one.Text).ShouldBe(["1", "3"], "each once, whatever many filters want it");
        rig.Broker.GetSubscriptions("a/b").ShouldBeEmpty("its filters are not those of this node");
        queue.Remove([kept[0].Sequence]);
        (await ReadAsync(queue)).Select(one => one.Text).ShouldBe(["3"]);
        queue.Remove([kept[1].Sequence]);
        queue.IsEmpty.ShouldBeTrue();

        rig.Broker.Sessions.EndQueue(queue);
        rig.Broker.Sessions.FindQueue("n2").ShouldBeNull();
        rig.Broker.GetSessions().ShouldBeEmpty();
        Add(rig, queue, "c", "4").ShouldBeFalse();
    }

    // No access rule is for it: it stands for sessions that were judged on their own node.
    [Fact]
    public async Task Queue_UnderRulesThatDenyEverything_KeepsItsFilters()
    {
        await using var rig = new BrokerRig();
        var queue = rig.Broker.Sessions.OpenQueue("n2", ["a/#"], [], []).ShouldNotBeNull();

        await rig.Broker.AccessReview.ChangeAsync([]);

        queue.Filters.ShouldBe(["a/#"]);
    }

    // A client may have a thousand subscriptions, but the clients of a node have more.
    [Fact]
    public async Task Queue_ForManyFilters_HasAllOfThemAlsoAfterARestart()
    {
        await using var rig = new BrokerRig();
        string[] filters = [.. Enumerable.Range(0, 1_500).Select(i => $"f/{i}/#")];
        ulong[] topics = [.. TopicHashes.Of(Enumerable.Range(0, 30_000).Select(i => $"t/{i}"))];

        var queue = rig.Broker.Sessions.OpenQueue("n2", filters, topics[..20_000], []).ShouldNotBeNull();
        rig.Broker.Sessions.OpenQueue("n2", filters[..10], topics[10_000..], []).ShouldBeSameAs(queue);
        Check(queue);
        queue.Session.Subscriptions.Count.ShouldBeLessThan(filters.Length + 20, "a subscription for each topic takes too much memory");

        await using var next = new BrokerRig(store: rig.Store);
        await next.Broker.LoadAsync(TestContext.Current.CancellationToken);
        var kept = next.Broker.Sessions.FindQueue("n2").ShouldNotBeNull();
        Check(kept);
        Add(next, kept, "t/29999", "1").ShouldBeTrue();
        Add(next, kept, "t/30000", "2").ShouldBeFalse();
        return;

        void Check(NodeQueue one)
        {
            one.Filters.ShouldBe(filters, ignoreOrder: true);
            one.Topics.Order().ShouldBe(topics.Order());
        }
    }

    // When it is sent, they may be elsewhere.
    [Fact]
    public async Task Queue_KnowsWhoseSessionsItIsFor_AlsoAfterARestart()
    {
        await using var rig = new BrokerRig();
        ulong[] clients = [.. Enumerable.Range(1, 5_000).Select(i => (ulong)i << 40)];
        var queue = rig.Broker.Sessions.OpenQueue("n2", [], TopicHashes.Of("t"), clients[..4_000]).ShouldNotBeNull();
        rig.Broker.Sessions.OpenQueue("n2", [], [], clients[3_000..]).ShouldBeSameAs(queue);
        queue.Clients.Order().ShouldBe(clients);
        queue.RemoveClients(clients[1..]);
        queue.Topics.ShouldBe(TopicHashes.Of("t"));
        queue.Filters.ShouldBeEmpty();
        rig.Broker.GetClientSubscriptions("$node/n2").ShouldBeEmpty("hashes tell nobody anything");

        await using var next = new BrokerRig(store: rig.Store);
        await next.Broker.LoadAsync(TestContext.Current.CancellationToken);
        next.Broker.Sessions.FindQueue("n2").ShouldNotBeNull().Clients.ShouldBe([clients[0]]);
    }

    // Neither is a session of a client that has ended.
    [Fact]
    public async Task Queue_AndASessionThatDoesNotComeAfterAll_EndUncounted()
    {
        await using var rig = new BrokerRig();
        rig.Broker.Sessions.EndQueue(rig.Broker.Sessions.OpenQueue("n2", ["a"], [], []).ShouldNotBeNull());
        var arriving = rig.Broker.Sessions.BeginArrival(new MovedSession("c", "alice", 60, [], [])).Session.ShouldNotBeNull();
        rig.Broker.Sessions.AbandonArrival(arriving);

        Enum.GetValues<SessionEndReason>().ShouldAllBe(reason => rig.Broker.Counters.SessionsEnded(reason) == 0);
        rig.Events.Of<SessionEnded>().ShouldBeEmpty();
    }

    private static bool Add(BrokerRig rig, NodeQueue queue, string topic, string text)
    {
        var message = new Publication
        {
            Topic = rig.Broker.Topics.Get(Encoding.UTF8.GetBytes(topic)),
            Payload = Encoding.UTF8.GetBytes(text),
            QoS = QualityOfService.AtLeastOnce,
            Account = queue.Account,
        };
        return queue.TryAdd(ref message, new FlushSet());
    }

    private static async Task<List<(string Text, long Sequence)>> ReadAsync(NodeQueue queue)
    {
        var read = new List<(string, long)>();
        await foreach (var moved in queue.ReadAsync(TestContext.Current.CancellationToken))
        {
            read.Add((Encoding.UTF8.GetString(moved.Message.Message.Payload), moved.Message.Sequence));
        }

        return read;
    }
}
