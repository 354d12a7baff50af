using System.Text;
using Cassini.Streams.Cluster;
using Cassini.Streams.Cluster.Interest;
using Cassini.Streams.Events;
using Cassini.Tests.VirtualTime;

namespace Cassini.Tests.Cluster;

/// <summary>What comes on the control subjects: whoever can publish there may publish anything.</summary>
public class ControlMessageTests
{
    private const string Run = "000001a229de1f9d";

    [Fact]
    public void Message_WrittenAndRead_IsTheSame()
    {
        var told = new InterestTold("n1", Run, 1, 3, 0, 2, ["a/+"], ["b/#", "ü"], ["c"], ["1f.a.2.0", "1f.a.3.5"], [7], ["d"],
            [new SharedFilter("$share/g/ü", 2, 3)],
            InterestTold.Write([new WantedTopic(0xF0, FilterClass.Kept), new WantedTopic(ulong.MaxValue - 3, null)]));

        var read = ControlMessage.Read(told.ToBytes()).ShouldBeOfType<InterestTold>();
        (read.From, read.To, read.Part, read.Parts).ShouldBe((1, 3, 0, 2));
        read.Gone.ShouldBe(["c"]);
        read.Wanted.ShouldBe(told.Wanted);
        read.ClientClaims.ShouldBe(
            [new ClientClaim(0x1f, 10, ClaimPhase.Kept), new ClientClaim(0x1f, 10, ClaimPhase.Kept) { Owner = 5, HasBegunHere = true }]);
        read.ClientClaims.Select(claim => $"{claim}").ShouldBe(told.Claims);
        read.ClientsReleased.ShouldBe([7UL]);
        read.SharedFilters.ShouldBe(told.SharedFilters);
        read.WantedTopics.ShouldBe([new WantedTopic(0xF3), new WantedTopic(ulong.MaxValue - 3)]);
        ControlMessage.Read(new Farewell("n1", Run).ToBytes()).ShouldBe(new Farewell("n1", Run));
    }

    // A later version may say more.
    [Theory]
    [InlineData("""{"is":"beat","node":"n2","epoch":"E","interest":1,"settings":"x","at":"2026-01-01T00:00:00Z","more":[1]}""")]
    public void Message_OfALaterVersion_IsRead(string text) => Read(text).ShouldNotBeNull();

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"is":"beat"}""")]
    [InlineData("""{"is":"greeting","node":"n2","epoch":"E"}""")]
    [InlineData("""{"is":"leave","node":"a b","epoch":"E"}""")]
    [InlineData("""{"is":"leave","node":"a.b","epoch":"E"}""")]
    [InlineData("""{"is":"leave","node":"n2","epoch":"soon"}""")]
    [InlineData("""{"is":"interest","node":"n2","epoch":"E","from":0,"to":1,"part":0,"parts":1}""")]
    [InlineData("""{"is":"interest","node":"n2","epoch":"E","from":0,"to":1,"part":1,"parts":1,"fast":[],"sure":[],"gone":[]}""")]
    [InlineData("""{"is":"interest","node":"n2","epoch":"E","from":0,"to":1,"part":0,"parts":1,"fast":[null],"sure":[],"gone":[]}""")]
    [InlineData("""
        {"is":"interest","node":"n2","epoch":"E","from":0,"to":1,"part":0,"parts":1,"fast":[],"sure":[],"gone":[],"claims":["1.2.4.4"]}
        """)]
    [InlineData("""
        {"is":"interest","node":"n2","epoch":"E","from":0,"to":1,"part":0,"parts":1,"fast":[],"sure":[],"gone":[],
        "shares":[{"filter":"$share/g/t","reachable":2,"lasting":1}]}
        """)]
    [InlineData("""
        {"is":"interest","node":"n2","epoch":"E","from":0,"to":1,"part":0,"parts":1,"fast":[],"sure":[],"gone":[],"topics":"AAAAAAAA"}
        """)]
    [InlineData("""
        {"is":"interest","node":"n2","epoch":"E","from":0,"to":1,"part":0,"parts":1,"fast":[],"sure":[],"gone":[],"topics":"AgAAAAAAAAA="}
        """)]
    public void Message_Wrong_IsNone(string text) => Read(text).ShouldBeNull();

    // Those that waited behind something are old when they come, and say nothing of the clock: many may come at once then.
    [Fact]
    public void Beat_WithAWrongClock_IsReportedWhenItIsNotTheOnlyOne()
    {
        var clock = new VirtualClock();
        var engine = new SimulatedEngine(clock, new Random(1)) { MostDelay = TimeSpan.Zero };
        using var node = new SimulatedNode(clock, engine, "n1", new ClusterOptions());
        var stranger = engine.Connect("stranger");
        Say(TimeSpan.FromSeconds(-30), times: 5);
        Say(TimeSpan.Zero, times: 1);
        Say(TimeSpan.FromSeconds(-30), times: 40, every: 1);
        Say(TimeSpan.Zero, times: 1);
        Say(TimeSpan.FromSeconds(-30), times: 9);
        node.Events.Of<PeerClockSkewed>().ShouldBeEmpty();

        Say(TimeSpan.FromSeconds(-30), times: 1);

        node.Events.Of<PeerClockSkewed>().ShouldHaveSingleItem().Node.ShouldBe("n9");

        void Say(TimeSpan skew, int times, int every = 500)
        {
            for (var i = 0; i < times; i++)
            {
                stranger.TryPublish("cassini.main.c.all", new Beat("n9", Run, 0, "same", clock.UtcNow + skew, 0).ToBytes());
                clock.AdvanceBy(TimeSpan.FromMilliseconds(every));
            }
        }
    }

    [Fact]
    public void Node_HearsAnything_GoesOn()
    {
        var clock = new VirtualClock();
        var engine = new SimulatedEngine(clock, new Random(1));
        using var node = new SimulatedNode(clock, engine, "n1", new ClusterOptions());
        var stranger = engine.Connect("stranger");
        var random = new Random(2);
        var message = new InterestTold("n9", Run, 0, 7, 0, 1, ["#/#", "", "a"], ["$share/x/y", "+"], ["z"], ["1.2.1.4"], [3], ["k"],
            [new SharedFilter("$share/g/#", 1, 2), new SharedFilter("a/b", 1, 1)]).ToBytes();
        for (var round = 0; round < 2_000; round++)
        {
            var bytes = message.ToArray();
            for (var i = random.Next(4); i > 0; i--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            stranger.TryPublish("cassini.main.c.all", bytes);
            stranger.TryPublish("cassini.main.c.node.n1", bytes);
            if (round % 10 == 0)
            {
                stranger.TryPublish("cassini.main.c.all", new Beat("n9", Run, 9, "x", clock.UtcNow).ToBytes());
                stranger.TryPublish("cassini.main.d.n1.n9", bytes);
            }

            clock.AdvanceBy(TimeSpan.FromMilliseconds(10));
        }

        node.Node.Peers.ShouldContain("n9");
        clock.AdvanceBy(TimeSpan.FromSeconds(30));
        node.Node.Peers.ShouldBeEmpty();
        node.Broker.Tree.Match("a"u8).Subscriptions.ShouldBeEmpty("nothing is left of it");
    }

    // Names without end, and a fleet whose nodes have a new name at each start.
    [Fact]
    public void Node_HearsMoreNamesThanAFleetHas_KeepsItsBoundAndForgetsTheLost()
    {
        var clock = new VirtualClock();
        var engine = new SimulatedEngine(clock, new Random(1));
        using var node = new SimulatedNode(clock, engine, "n1", new ClusterOptions());
        var stranger = engine.Connect("stranger");

        // Until then it asks for its name, and hears nobody.
        clock.AdvanceBy(TimeSpan.FromSeconds(1));
        for (var i = 0; i < 200; i++)
        {
            stranger.TryPublish("cassini.main.c.all", new Beat($"s{i}", Run, 0, "same", clock.UtcNow).ToBytes());
        }

        clock.AdvanceBy(TimeSpan.FromSeconds(1));
        node.Node.Peers.Length.ShouldBe(64);
        clock.AdvanceBy(TimeSpan.FromSeconds(20));
        node.Node.Peers.ShouldBeEmpty("they are lost");

        stranger.TryPublish("cassini.main.c.all", new Beat("new", Run, 0, "same", clock.UtcNow).ToBytes());
        clock.AdvanceBy(TimeSpan.FromSeconds(1));
        node.Node.Peers.ShouldBe(["new"]);
        node.Events.Of<PeerForgotten>().ShouldHaveSingleItem();
    }

    private static ControlMessage? Read(string text) =>
        ControlMessage.Read(Encoding.UTF8.GetBytes(text.Replace("\"E\"", $"\"{Run}\"", StringComparison.Ordinal)));
}
