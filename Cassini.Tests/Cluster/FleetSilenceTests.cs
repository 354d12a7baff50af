using System.Text;
using Cassini.Streams.Broker.Upkeep;
using Cassini.Streams.Cluster;
using Cassini.Streams.Cluster.Links;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Tests.Support;
using Cassini.Tests.VirtualTime;

namespace Cassini.Tests.Cluster;

/// <summary>Nodes that do not hear each other, in virtual time.</summary>
public sealed class FleetSilenceTests : IDisposable
{
    private readonly VirtualClock _clock = new();
    private readonly SimulatedEngine _engine;
    private readonly SimulatedNode _first;
    private readonly SimulatedNode _second;

    public FleetSilenceTests()
    {
        _engine = new SimulatedEngine(_clock, new Random(1));
        var options = new ClusterOptions();
        var links = new LinkOptions { MostFast = 10_000, MostKept = 10_000, FrameSize = 1_000 };
        _first = new SimulatedNode(_clock, _engine, "n1", options, links);
        _second = new SimulatedNode(_clock, _engine, "n2", options, links);
        _clock.AdvanceBy(S(3));
        _first.Node.Peers.ShouldBe(["n2"]);
    }

    public void Dispose()
    {
        _first.Dispose();
        _second.Dispose();
    }

    // It is heard all the time, so it is not lost: its acknowledgements do not come through.
    [Fact]
    public async Task Peer_TakesNothing_IsReportedAndNobodyWaitsForLongerThanForOneThatIsGone()
    {
        var subscriber = Subscribe(_second, "t");
        _clock.AdvanceBy(S(1));
        _engine.Lose("cassini.main.d.n1.n2");
        var waiting = _first.PublishAsync("t", "1", QualityOfService.AtLeastOnce);
        _clock.AdvanceBy(S(2));
        _first.Events.Of<LinkStalled>().ShouldBeEmpty();
        _clock.AdvanceBy(S(2));
        _first.Events.Of<LinkStalled>().ShouldHaveSingleItem().ShouldBe(new LinkStalled("n2", S(2.5)));
        _clock.AdvanceBy(S(5));
        waiting.IsCompleted.ShouldBeFalse("it may still be taken");
        _clock.AdvanceBy(S(2));
        await Eventually.CompletesAsync("nobody waits for a peer that takes nothing", waiting);

        // For as long as that lasts.
        for (var i = 0; i < 3; i++)
        {
            var next = _first.PublishAsync("t", "meanwhile", QualityOfService.AtLeastOnce);
            await Eventually.CompletesAsync("nobody waits", next);
            _clock.AdvanceBy(S(7));
        }

        _first.Events.Of<LinkResumed>().ShouldBeEmpty();
        _first.Events.Of<PeerSuspected>().ShouldBeEmpty();

        _engine.Heal();
        _clock.AdvanceBy(S(3));
        _first.Events.Of<LinkResumed>().ShouldHaveSingleItem();
        Read(subscriber);
        var publishing = _first.PublishAsync("t", "2", QualityOfService.AtLeastOnce);
        publishing.IsCompleted.ShouldBeFalse("it is waited for again");
        _clock.AdvanceBy(S(2));
        await Eventually.CompletesAsync("it is acknowledged", publishing);
        Read(subscriber).ShouldBe(["2"]);
        _first.Events.Of<LinkStalled>().ShouldHaveSingleItem();
    }

    // A node that says that it lives, and takes no messages, would make publishers on all others wait for as long.
    [Fact]
    public async Task DataConnection_IsLostAlone_TheNodeIsOffTheBus()
    {
        var subscriber = Subscribe(_second, "t");
        _clock.AdvanceBy(S(1));
        _engine.SetDataConnected("n2", false);
        var waiting = _first.PublishAsync("t", "1", QualityOfService.AtLeastOnce);
        _clock.AdvanceBy(S(3));

        _second.Events.Of<EngineLost>().ShouldHaveSingleItem();
        _second.Node.Bus.IsConnected.ShouldBeFalse();
        _first.Events.Of<PeerSuspected>().ShouldHaveSingleItem().Node.ShouldBe("n2");
        waiting.IsCompleted.ShouldBeFalse("it may still be taken");
        _clock.AdvanceBy(S(8));
        await Eventually.CompletesAsync("nobody waits for a peer that is given up", waiting);

        _engine.SetDataConnected("n2", true);
        _clock.AdvanceBy(S(3));
        _second.Events.Of<EngineConnected>().Count.ShouldBe(2);
        _first.Node.Peers.ShouldBe(["n2"]);
        var publishing = _first.PublishAsync("t", "2", QualityOfService.AtLeastOnce);
        _clock.AdvanceBy(S(2));
        await Eventually.CompletesAsync("it is acknowledged", publishing);
        Read(subscriber).ShouldContain("2");
    }

    // One of the two gives the other up, which hears it all the time: it begins a new link, and the other must take that from its begin.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Cut_ForLongerThanDeadAfter_IsGivenUpAndWorksAgainAfterwards(bool bothWays)
    {
        var subscriber = Subscribe(_second, "t");
        await PublishAsync("0");
        _engine.Cut("n2", "n1");
        if (bothWays)
        {
            _engine.Cut("n1", "n2");
        }

        _clock.AdvanceBy(S(3));
        _first.Events.Of<PeerSuspected>().ShouldHaveSingleItem().Node.ShouldBe("n2");
        var waiting = _first.PublishAsync("t", "1", QualityOfService.AtLeastOnce);
        _clock.AdvanceBy(S(5));
        waiting.IsCompleted.ShouldBeFalse("it may still be taken");
        _clock.AdvanceBy(S(5));
        _first.Events.Of<PeerLost>().ShouldHaveSingleItem().Node.ShouldBe("n2");
        await Eventually.CompletesAsync("nobody waits for a peer that is given up", waiting);
        _first.Node.Peers.ShouldBeEmpty();

        _engine.Heal();
        _clock.AdvanceBy(S(3));
        _first.Node.Peers.ShouldBe(["n2"]);
        _first.Events.Of<PeerBack>().ShouldHaveSingleItem().Node.ShouldBe("n2");
        foreach (var payload in (string[])["2", "3"])
        {
            await PublishAsync(payload);
        }

        // What was published while it was cut off may have come through.
        Read(subscriber).Where(payload => payload != "1").ShouldBe(["0", "2", "3"]);

        async Task PublishAsync(string payload)
        {
            var publishing = _first.PublishAsync("t", payload, QualityOfService.AtLeastOnce);
            _clock.AdvanceBy(S(2));
            await Eventually.CompletesAsync($"{payload} is acknowledged", publishing);
        }
    }

    // One of the two has forgotten the other, which knows nothing of that and goes on with its link.
    [Fact]
    public async Task Forget_APeerThatIsLostHereAndHearsThisNode_HasALinkAgainWhenItIsBack()
    {
        var subscriber = Subscribe(_first, "t");
        await PublishAsync("0");
        _engine.Cut("n2", "n1");
        _clock.AdvanceBy(S(12));
        _first.Events.Of<PeerLost>().ShouldHaveSingleItem().Node.ShouldBe("n2");
        _first.Node.ForgetLost("n2");

        _engine.Heal();
        _clock.AdvanceBy(S(3));
        await PublishAsync("1");
        await PublishAsync("2");

        Read(subscriber).ShouldBe(["0", "1", "2"]);

        async Task PublishAsync(string payload)
        {
            var publishing = _second.PublishAsync("t", payload, QualityOfService.AtLeastOnce);
            await Eventually.HoldsAsync($"{payload} is acknowledged", () =>
            {
                _clock.AdvanceBy(S(0.1));
                return publishing.IsCompleted;
            });
        }
    }

    // The node that had the turn is given up before it has acknowledged: another member gets the message, and the publisher its answer.
    [Fact]
    public async Task Cut_WithAMemberOfAShare_GivesItsMessagesToOthers()
    {
        var members = new[] { _first.Join("$share/g/t"), _second.Join("$share/g/t") };
        _clock.AdvanceBy(S(2));
        _engine.Cut("n1", "n2");
        _engine.Cut("n2", "n1");
        var publishing = Task.WhenAll(Enumerable.Range(0, 10).Select(i => _first.PublishAsync("t", $"{i}", QualityOfService.AtLeastOnce)));
        _clock.AdvanceBy(S(2));
        var before = Read(members[0]);
        before.Count().ShouldBe(5);
        publishing.IsCompleted.ShouldBeFalse("the other node may still take its half");

        _clock.AdvanceBy(S(12));
        await Eventually.CompletesAsync("nobody waits for a peer that is given up", publishing);
        before.Concat(Read(members[0])).Order().ShouldBe(Enumerable.Range(0, 10).Select(i => $"{i}"));
        Read(members[1]).ShouldBeEmpty();
    }

    [Fact]
    public void Subscribe_APeerDoesNotConfirm_IsAnsweredInTimeAndSaidOfThePeer()
    {
        _engine.Cut("n2", "n1");
        _first.Subscribe("t", out var answer);
        _clock.AdvanceBy(S(0.5));
        answer.ShouldNotBeNull().IsReached.ShouldBeFalse();

        _clock.AdvanceBy(S(1));
        answer.IsReached.ShouldBeTrue("the client does not wait for ever");
        _first.Events.Of<InterestLagging>().ShouldHaveSingleItem().Node.ShouldBe("n2");

        _engine.Heal();
        _clock.AdvanceBy(S(1));
        _first.Events.Of<InterestConfirmed>().ShouldHaveSingleItem().Node.ShouldBe("n2");
    }

    [Fact]
    public void Subscribe_WithoutPeers_IsAnsweredAtOnce()
    {
        _second.Dispose();
        _clock.AdvanceBy(S(1));
        _first.Events.Of<PeerLeft>().ShouldHaveSingleItem();
        _first.Subscribe("t", out var answer);
        _clock.AdvanceBy(TimeSpan.FromTicks(1));

        answer.ShouldNotBeNull().IsReached.ShouldBeTrue();
    }

    // QoS 0 is dropped, counted and said; it goes on when the peer takes messages again.
    [Fact]
    public void Publish_QoS0ToAPeerThatTakesNothing_IsDroppedBeyondTheBound()
    {
        var subscriber = Subscribe(_second, "t");
        _engine.Cut("n1", "n2");
        for (var i = 0; i < 100; i++)
        {
            _first.PublishAsync("t", new string('x', 900), QualityOfService.AtMostOnce);
        }

        _clock.AdvanceBy(S(1));
        _first.Events.Of<LinkDropping>().ShouldHaveSingleItem().ShouldSatisfyAllConditions(
            dropping => dropping.Node.ShouldBe("n2"), dropping => dropping.Dropped.ShouldBeInRange(85, 95));
        _engine.Heal();
        _clock.AdvanceBy(S(2));
        _first.Events.Of<LinkRecovered>().ShouldHaveSingleItem();
        _first.PublishAsync("t", "again", QualityOfService.AtMostOnce);
        _clock.AdvanceBy(S(1));

        Read(subscriber).ShouldBe(["again"]);
    }

    [Fact]
    public void Settings_Differ_IsSaidUntilTheyDoNot()
    {
        using var third = new SimulatedNode(_clock, _engine, "n3", new ClusterOptions(), settings: () => "other");
        _clock.AdvanceBy(S(2));

        _first.Events.Of<PeerDiffers>().ShouldBe([new PeerDiffers("n3", "settings")]);
        third.Events.Of<PeerDiffers>().Select(differs => differs.Node).ShouldBe(["n1", "n2"], ignoreOrder: true);
    }

    private LocalSubscriber Subscribe(SimulatedNode node, string filter)
    {
        var subscriber = node.Subscribe(filter, out var answer);
        _clock.AdvanceBy(S(1));
        answer.ShouldNotBeNull().IsReached.ShouldBeTrue();
        return subscriber;
    }

    private static List<string> Read(LocalSubscriber subscriber)
    {
        var read = new List<string>();
        while (subscriber.TryRead(out var message))
        {
            read.Add(Encoding.UTF8.GetString(message.Message.Payload.Span));
        }

        return read;
    }

    private static TimeSpan S(double seconds) => TimeSpan.FromSeconds(seconds);
}
