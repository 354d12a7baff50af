using System.Text;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Cluster;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Quotas;
using Cassini.Tests.Broker;
using Cassini.Tests.Support;
using Cassini.Tests.VirtualTime;

namespace Cassini.Tests.Cluster;

/// <summary>What two nodes retain, in virtual time.</summary>
public sealed class RetainedReplicaTests : IDisposable
{
    private static readonly ClusterOptions Options = new() { DeadAfter = TimeSpan.FromMinutes(30) };

    private readonly VirtualClock _clock = new();
    private readonly SimulatedEngine _engine;
    private readonly List<SimulatedNode> _nodes = [];

    public RetainedReplicaTests() => _engine = new SimulatedEngine(_clock, new Random(1));

    public void Dispose() => _nodes.ForEach(node => node.Dispose());

    // The list is cut to what the bus takes, and so is what is asked for, and what was removed.
    [Theory]
    [InlineData(4_096)]
    [InlineData(65_536)]
    public async Task Node_ThatStarts_BusTakesSmallMessages_GetsAll(int largest)
    {
        _engine.LargestMessage = largest;
        Start(2);
        for (var i = 0; i < 3_000; i++)
        {
            var publishing = _nodes[0].PublishAsync($"building/{i / 100}/room/{i}", $"{i}", QualityOfService.AtLeastOnce, retain: true);
            _clock.AdvanceBy(TimeSpan.FromMilliseconds(10));
            await Eventually.CompletesAsync("it is retained", publishing);
        }

        _nodes[1].Retained().Count.ShouldBe(3_000);

        Start(1);
        var third = _nodes[2];
        await Eventually.HoldsAsync("it has joined", () =>
        {
            _clock.AdvanceBy(TimeSpan.FromMilliseconds(100));
            return third.Node.HasJoined;
        });

        third.Events.Of<FleetJoinLate>().ShouldBeEmpty();
        third.Retained().ShouldBe(_nodes[0].Retained(), ignoreOrder: true);
    }

    // Whatever comes first and however often: the greatest stamp of each topic holds.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Changes_InAnyOrderAndTwice_LeaveTheSame(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 200; round++)
        {
            var changes = Enumerable.Range(0, 30).Select(i => (
                Topic: $"t/{random.Next(6)}", Payload: random.Next(3) == 0 ? "" : $"{i}",
                Stamp: new RetainedStamp(RetainedStamp.ClockOf(1_000 + random.Next(20)), (ulong)i))).ToList();
            var expected = changes.GroupBy(change => change.Topic).Select(of => of.MaxBy(change => change.Stamp))
                .Where(change => change.Payload.Length > 0).Select(change => (change.Topic, change.Payload)).ToList();
            var digests = new HashSet<ulong>();
            for (var i = 0; i < 3; i++)
            {
                var retained = Replicated();
                var order = changes.Concat(changes.Take(random.Next(30))).ToArray();
                random.Shuffle(order);
                foreach (var (topic, payload, stamp) in order)
                {
                    Apply(retained, topic, payload, stamp);
                }

                retained.Match("#"u8.ToArray()).Select(message => (message.Topic.Name, Encoding.UTF8.GetString(message.Payload)))
                    .ShouldBe(expected, ignoreOrder: true, $"seed {seed}, round {round}");
                digests.Add(retained.Digest);
            }

            digests.Count.ShouldBe(1);
        }
    }

    [Fact]
    public void Stamp_AfterAWrongClock_IsGreaterForTheTopicAndRightForOthers()
    {
        var retained = Replicated();
        var wrong = new RetainedStamp(RetainedStamp.ClockOf(_clock.UtcNow.AddYears(1).ToUnixTimeMilliseconds()), 1);
        Apply(retained, "a", "1", wrong);

        Set(retained, "a", "2").ShouldBeGreaterThan(wrong);
        Set(retained, "b", "2").Clock.ShouldBe(RetainedStamp.ClockOf(_clock.UtcNow.ToUnixTimeMilliseconds()) + 1);
        _clock.StepWallClock(TimeSpan.FromHours(-1));
        Set(retained, "b", "3").Clock.ShouldBe(RetainedStamp.ClockOf(_clock.UtcNow.AddHours(1).ToUnixTimeMilliseconds()) + 2);
    }

    // It is marked with its own stamp: an older one does not come back.
    [Fact]
    public async Task Message_Expired_IsRemovedOnEachNodeAndLeavesNoOlderOne()
    {
        Start(2);
        _ = _nodes[0].PublishAsync("t", "older", QualityOfService.AtLeastOnce, retain: true);
        var older = _nodes[0].StampOf("t");
        _ = _nodes[0].PublishAsync("t", "x", QualityOfService.AtLeastOnce, retain: true, TimeSpan.FromSeconds(60));
        Advance(59);
        _nodes[1].Retained().ShouldContainKeyAndValue("t", "x");
        Advance(2);
        foreach (var node in _nodes)
        {
            node.Retained().ShouldBeEmpty();
            await node.Broker.Retained.SweepAsync();
            node.Broker.Retained.NeedOf("t"u8, older, out _).ShouldBe(RetainedNeed.Removed);
        }

        _nodes[0].Broker.Retained.Digest.ShouldBe(_nodes[1].Broker.Retained.Digest);
    }

    // The expiry is an instant: what comes late expires with the others.
    [Fact]
    public void Message_OfALateNode_ExpiresAtTheSameTime()
    {
        Start(1);
        _ = _nodes[0].PublishAsync("t", "x", QualityOfService.AtLeastOnce, retain: true, TimeSpan.FromSeconds(60));
        Advance(50);
        Start(1);
        _nodes[1].Retained().ShouldContainKey("t");
        Advance(7);
        _nodes[1].Retained().ShouldBeEmpty();
    }

    [Fact]
    public void Publish_QoS0LostOnTheWay_IsHealed()
    {
        Start(2);
        _engine.Cut("n1", "n2");
        _ = _nodes[0].PublishAsync("t", "x", QualityOfService.AtMostOnce, retain: true);
        _clock.AdvanceBy(TimeSpan.FromMilliseconds(100));
        _engine.Heal();
        _nodes[1].Retained().ShouldBeEmpty();
        Advance(5);
        _nodes[1].Retained().ShouldContainKeyAndValue("t", "x");
    }

    // Nobody is told of it, but it is removed everywhere, also where the message comes late.
    [Fact]
    public async Task Purge_OnOneNode_RemovesOnAll()
    {
        Start(2);
        for (var i = 0; i < 300; i++)
        {
            _ = _nodes[0].PublishAsync($"t/{i}", "x", QualityOfService.AtLeastOnce, retain: true);
        }

        _ = _nodes[0].PublishAsync("other", "x", QualityOfService.AtLeastOnce, retain: true);
        Advance(1);
        var subscriber = _nodes[1].Subscribe("#", out _);
        while (subscriber.TryRead(out _))
        {
        }

        await _nodes[1].Broker.Administration.PurgeRetainedAsync("t/#"u8.ToArray(), _ => { }, CancellationToken.None);
        Advance(1);
        _nodes.ShouldAllBe(node => node.Retained().Keys.Single() == "other");
        subscriber.TryRead(out _).ShouldBeFalse();
    }

    // The broker's own topics are those of one node.
    [Fact]
    public async Task Publish_OfTheBrokersOwn_StaysHere()
    {
        Start(2);
        _nodes[0].Broker.PublishSystem("$SYS/test", "x"u8.ToArray());
        Advance(5);
        _nodes[1].Broker.Retained.Get("$SYS/test"u8).ShouldBeNull();
        await _nodes[0].Broker.PublishAsync(new MqttMessage { Topic = "net", Payload = "x"u8.ToArray(), Retain = true });
        Advance(1);
        _nodes[1].Retained().ShouldContainKey("net");
    }

    // It is reported, and the older message is not left in place of the newer one.
    [Fact]
    public void Publish_NoRoomElsewhere_IsReportedUntilThereIs()
    {
        Start(1);
        Start(1, broker: new BrokerOptions { MaxRetained = 2 });
        foreach (var topic in (string[])["a", "b", "c", "d"])
        {
            _ = _nodes[0].PublishAsync(topic, "x", QualityOfService.AtLeastOnce, retain: true);
        }

        Advance(10);
        _nodes[1].Retained().Count.ShouldBe(2);
        _nodes[1].Events.Of<RetainedIncomplete>().ShouldHaveSingleItem().ShouldBe(new RetainedIncomplete("n1", 2));
        _nodes[0].Retained().Count.ShouldBe(4, "who has no room takes nothing from others");
        foreach (var topic in (string[])["a", "b"])
        {
            _ = _nodes[0].PublishAsync(topic, "", QualityOfService.AtLeastOnce, retain: true);
        }

        Advance(120);
        _nodes[1].Retained().Keys.ShouldBe(["c", "d"], ignoreOrder: true);
        _nodes[1].Events.Of<RetainedComplete>().ShouldHaveSingleItem();
    }

    // The identity that publishes pays on each node.
    [Fact]
    public void Publish_Retained_IsPaidForByItsPublisherOnEachNode()
    {
        Start(2);
        _ = _nodes[0].PublishAsync("t", "x", QualityOfService.AtLeastOnce, retain: true);
        Advance(1);
        _nodes[1].Accounts.All.Single(account => account.Identity == "ops").Held(CapacityResource.Retained).ShouldBe(1);
    }

    // A node that comes back after the marks are gone does not bring back what was removed.
    [Fact]
    public async Task Mark_Forgotten_LeavesAFloorThatHolds()
    {
        var options = Options with { MaxRemoved = 1_000, DeadAfter = TimeSpan.FromSeconds(10) };
        var store = new InMemoryStore();
        Start(2, options);
        Start(1, options, store);
        for (var i = 0; i < 1_100; i++)
        {
            _ = _nodes[0].PublishAsync($"t/{i}", "x", QualityOfService.AtLeastOnce, retain: true);
        }

        Advance(5);
        var third = _nodes[2];
        third.Retained().Count.ShouldBe(1_100);
        _nodes.Remove(third);
        third.Dispose();
        for (var i = 0; i < 1_100; i++)
        {
            _ = _nodes[0].PublishAsync($"t/{i}", "", QualityOfService.AtLeastOnce, retain: true);
        }

        _ = _nodes[1].PublishAsync("new", "x", QualityOfService.AtLeastOnce, retain: true);
        Advance(5);
        foreach (var node in _nodes)
        {
            await node.Broker.Retained.SweepAsync();
        }

        Start(1, options, store);
        Advance(5);
        _nodes.ShouldAllBe(node => node.Retained().Keys.Single() == "new");
    }

    private void Start(int count, ClusterOptions? options = null, InMemoryStore? store = null, BrokerOptions? broker = null)
    {
        for (var i = 0; i < count; i++)
        {
            _nodes.Add(new SimulatedNode(
                _clock, _engine, $"n{_nodes.Count + 1}", options ?? Options, store: store, broker: broker));
            Advance(3);
        }

        _nodes.ShouldAllBe(node => node.Node.HasJoined && node.Node.Peers.Length == _nodes.Count - 1);
    }

    private void Advance(int seconds)
    {
        for (var i = 0; i < 2 * seconds; i++)
        {
            _clock.AdvanceBy(TimeSpan.FromMilliseconds(500));
        }
    }

    private RetainedMessages Replicated()
    {
        var memory = new TestMemory();
        var retained = memory.Retained(time: _clock.Time);
        retained.Replicate(
            new RetainedClock(7, _clock.Time), (1_000, TimeSpan.FromDays(36_500)), new RetainedStamp(1, 7), new NoPeers());
        return retained;
    }

    private static void Apply(RetainedMessages retained, string topic, string payload, RetainedStamp stamp) =>
        retained.Apply(Message(topic, payload), new AccountTable(QuotaOptions.Whole).OfBroker, stamp, out _);

    private static RetainedStamp Set(RetainedMessages retained, string topic, string payload)
    {
        retained.Set(Message(topic, payload), new AccountTable(QuotaOptions.Whole).OfBroker, out var stamp).ShouldBeTrue();
        return stamp;
    }

    private static StoredMessage Message(string topic, string payload) => new(
        new Topic(Encoding.UTF8.GetBytes(topic), isListed: true, 0), Encoding.UTF8.GetBytes(payload), [], QualityOfService.AtLeastOnce,
        null);

    private sealed class NoPeers : IRetainedPeers
    {
        public void Send(ref Publication message, FlushSet flushes)
        {
        }
    }
}
