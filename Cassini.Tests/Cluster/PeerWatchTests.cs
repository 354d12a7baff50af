using System.Globalization;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Sessions;
using Cassini.Streams.Cluster;
using Cassini.Streams.Cluster.Engine;
using Cassini.Streams.Cluster.Interest;
using Cassini.Streams.Cluster.Sessions;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Tests.Support;
using Cassini.Tests.VirtualTime;

namespace Cassini.Tests.Cluster;

/// <summary>What a node reports of a peer, and of what it keeps for one that is gone.</summary>
public class PeerWatchTests
{
    private const string Run = "000001a229de1f9d";

    private readonly VirtualClock _clock = new();
    private readonly SimulatedEngine _engine;
    private readonly IBus _peer;

    public PeerWatchTests()
    {
        _engine = new SimulatedEngine(_clock, new Random(1));
        _peer = _engine.Connect("n2");
    }

    // A later claim could never hold against it, on any node, until its session ends.
    [Theory]
    [InlineData(2)]
    [InlineData(3_000_000)]
    public void Claim_WithAStampFarAhead_IsIgnoredAndReportedOnceUntilItIsGone(int days)
    {
        using var node = new SimulatedNode(_clock, _engine, "n1", new ClusterOptions());
        var stamp = _clock.UtcNow.UtcTicks + TimeSpan.FromDays(days).Ticks;
        var (wrong, right) = (ClientHash.Of("wrong"), ClientHash.Of("right"));
        Say(2);
        Tell(0, 1, [new ClientClaim(wrong, stamp, ClaimPhase.Kept), new ClientClaim(right, 5, ClaimPhase.Kept)]);
        Say(3, interest: 1);

        OwnersOf(node, wrong).ShouldBeEmpty();
        OwnersOf(node, right).ShouldBe(["n2"]);
        var skewed = node.Events.Of<PeerClockSkewed>().ShouldHaveSingleItem();
        skewed.Node.ShouldBe("n2");
        skewed.Skew.ShouldBeGreaterThan(TimeSpan.FromDays(days - 1));

        Tell(1, 2, [], released: [wrong]);
        Say(3, interest: 2);
        node.Events.Of<PeerClockSkewed>().Select(happened => happened.Skew).ShouldBe([skewed.Skew, TimeSpan.Zero]);
    }

    [Fact]
    public async Task Client_WhosePeersClaimsAreAbsurd_IsServed()
    {
        using var node = new SimulatedNode(_clock, _engine, "n1", new ClusterOptions());
        Say(2);
        Tell(0, 1, [new ClientClaim(ClientHash.Of("c"), long.MaxValue, ClaimPhase.Kept)]);

        // It has not said what it retains: the node waits no longer for that.
        Say(70, interest: 1);

        var claiming = node.Broker.Sessions.Fleet!.ClaimAsync(new AttachRequest("c", "alice", true, 0, [], []), CancellationToken.None);
        await Eventually.HoldsAsync("it is answered", () =>
        {
            Say(1, interest: 1);
            return claiming.IsCompleted;
        });

        using var claim = await claiming;
        claim.IsGranted.ShouldBeTrue();
    }

    [Fact]
    public void Wish_AfterTheLatestStampThereIs_DoesNotOverflow()
    {
        var clients = new OwnClients(new OwnInterest(new PeerWatermark(), static () => { }), _clock.Time);

        clients.TryWish(1, "c", long.MaxValue, out _)!.Stamp.ShouldBe(long.MaxValue);
    }

    [Fact]
    public void Peer_IsLostAndThereIsNoPlaceForItsQueue_IsReportedUntilItIsBack()
    {
        using var node = new SimulatedNode(
            _clock, _engine, "n1", new ClusterOptions(), broker: new BrokerOptions { MaxSessions = 1 });
        node.Broker.Sessions.BeginArrival(new MovedSession("c", "alice", 60, [], [])).Session.ShouldNotBeNull();
        MeetAndLose();
        node.Events.Of<MessagesNotKept>().ShouldHaveSingleItem().ShouldBe(new MessagesNotKept("n2", 0));

        Say(4);

        node.Events.Of<MessagesKept>().ShouldHaveSingleItem().ShouldBe(new MessagesKept("n2"));
    }

    [Fact]
    public async Task Peer_IsLostAndItsQueueIsFull_IsReportedUntilItIsForgotten()
    {
        using var node = new SimulatedNode(
            _clock, _engine, "n1", new ClusterOptions(), broker: new BrokerOptions { MaxQueuedMessages = 1 });
        MeetAndLose();
        node.Events.Of<MessagesNotKept>().ShouldBeEmpty();
        for (var i = 0; i < 3; i++)
        {
            await node.PublishAsync("t", i.ToString(CultureInfo.InvariantCulture), QualityOfService.AtLeastOnce);
        }

        _clock.AdvanceBy(TimeSpan.FromSeconds(2));
        node.Events.Of<MessagesNotKept>().ShouldHaveSingleItem().ShouldBe(new MessagesNotKept("n2", 2));

        node.Node.ForgetLost("n2");
        node.Events.Events.TakeLast(2).ShouldBe([new MessagesKept("n2"), new PeerForgotten("n2")]);
    }

    // Each message would be an event of its own.
    [Fact]
    public async Task Peer_ForWhichMoreAndMoreIsNotKept_IsReportedOnceAMinuteAndWhenThatIsOver()
    {
        using var node = new SimulatedNode(
            _clock, _engine, "n1", new ClusterOptions(), broker: new BrokerOptions { MaxQueuedMessages = 1 });
        MeetAndLose();
        await PublishAsync(2);
        _clock.AdvanceBy(TimeSpan.FromSeconds(1));
        Said().ShouldBe([1], "it is said at once");

        for (var i = 0; i < 3; i++)
        {
            await PublishAsync(1);
            _clock.AdvanceBy(TimeSpan.FromSeconds(18));
        }

        Said().ShouldBe([1], "a minute has not passed");
        _clock.AdvanceBy(TimeSpan.FromSeconds(6));
        Said().ShouldBe([1, 4]);
        _clock.AdvanceBy(TimeSpan.FromMinutes(5));
        Said().ShouldBe([1, 4], "it has not become more");

        await PublishAsync(1);
        _clock.AdvanceBy(TimeSpan.FromSeconds(1));
        Said().ShouldBe([1, 4, 5], "the last time was long ago");
        node.Events.Of<MessagesKept>().ShouldBeEmpty();

        node.Node.ForgetLost("n2");
        node.Events.Of<MessagesKept>().ShouldHaveSingleItem().ShouldBe(new MessagesKept("n2"));
        _clock.AdvanceBy(TimeSpan.FromMinutes(5));
        Said().ShouldBe([1, 4, 5]);
        node.Events.Of<MessagesKept>().ShouldHaveSingleItem();

        IEnumerable<long> Said() => node.Events.Of<MessagesNotKept>().Select(happened => happened.Dropped);

        async Task PublishAsync(int count)
        {
            for (var i = 0; i < count; i++)
            {
                await node.PublishAsync("t", "x", QualityOfService.AtLeastOnce);
            }
        }
    }

    private static IEnumerable<string> OwnersOf(SimulatedNode node, ulong client) =>
        node.Node.OwnersOf(client).Select(owner => owner.Node);

    private void MeetAndLose()
    {
        Say(2);
        Tell(0, 1, [], kept: ["#"]);
        Say(4, interest: 1);
        _clock.AdvanceBy(TimeSpan.FromSeconds(20));
    }

    /// <summary>It lives. The first is not heard by a node that starts: that asks for its name first.</summary>
    private void Say(int times, long interest = 0)
    {
        for (var i = 0; i < times; i++)
        {
            _peer.TryPublish("cassini.main.c.all", new Beat("n2", Run, interest, "same", _clock.UtcNow, 0).ToBytes());
            _clock.AdvanceBy(TimeSpan.FromMilliseconds(500));
        }
    }

    private void Tell(long from, long to, IEnumerable<ClientClaim> claims, ulong[]? released = null, string[]? kept = null)
    {
        _peer.TryPublish("cassini.main.c.all", new InterestTold(
            "n2", Run, from, to, 0, 1, [], [], [], [.. claims.Select(claim => claim.ToString())], [.. released ?? []], [.. kept ?? []], [])
            .ToBytes());
        _clock.AdvanceBy(TimeSpan.FromMilliseconds(10));
    }
}
