using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Sessions;
using Cassini.Streams.Cluster;
using Cassini.Streams.Cluster.Interest;
using Cassini.Streams.Cluster.Sessions;
using Cassini.Tests.Broker;
using Cassini.Tests.Support;

namespace Cassini.Tests.Cluster;

/// <summary>A node gives sessions to others that say what the test lets them say.</summary>
public class SessionGiverTests
{
    private const int PieceSize = 1_000;

    private readonly SilentPeers _peers = new();
    private readonly NodeTasks _tasks = new();

    // It was released, and nobody else could let it stay: its client would be refused until the node is restarted.
    [Fact]
    public async Task Ask_ThatFailsAfterTheRelease_LeavesTheSessionHere()
    {
        await using var rig = new BrokerRig();
        await rig.ConnectAsync("c", change: BrokerRig.Lasting);
        var session = rig.Broker.Sessions.Find("c").ShouldNotBeNull();
        using var giver = Giver(rig);
        var wasLeaving = false;
        _peers.FindLive = () =>
        {
            wasLeaving = session.IsLeaving;
            throw new InvalidOperationException("a bug");
        };
        var failed = _tasks.WatchFailures();

        giver.Hear(new SessionAsked("n2", "e2", "e1", 7, "c", "alice", false, long.MaxValue));
        await Eventually.CompletesAsync("it is over", _tasks.WhenIdle());

        failed.IsFaulted.ShouldBeTrue();
        wasLeaving.ShouldBeTrue();
        session.IsLeaving.ShouldBeFalse();
    }

    // Who stops the node waits for what it has begun, which may change the store.
    [Fact]
    public async Task Ask_WhileTheClientIsServed_IsATaskOfTheNode()
    {
        await using var rig = new BrokerRig();
        await rig.ConnectAsync("c", change: BrokerRig.Lasting);
        using var giver = Giver(rig);
        using var mayGoOn = new ManualResetEventSlim();
        _peers.FindLive = () =>
        {
            mayGoOn.Wait(TestContext.Current.CancellationToken);
            return [];
        };

        giver.Hear(new SessionAsked("n2", "e2", "e1", 7, "c", "alice", false, long.MaxValue));
        var idle = _tasks.WhenIdle();
        idle.IsCompleted.ShouldBeFalse();
        mayGoOn.Set();

        await Eventually.CompletesAsync("it is over", idle);
        _peers.Said.ShouldHaveSingleItem().ShouldBeOfType<SessionAnswered>();
    }

    // Who can publish on the bus could ask without end.
    [Fact]
    public async Task Ask_BeyondTheMost_IsAnsweredBusy()
    {
        await using var rig = new BrokerRig();
        using var giver = Giver(rig);
        for (var i = 0; i <= SessionGiver.MostDepartures; i++)
        {
            giver.Hear(new SessionAsked("n2", "e2", "e1", (ulong)i, $"c{i}", "alice", false, long.MaxValue));
        }

        await Eventually.CompletesAsync("all are answered", _tasks.WhenIdle());

        _peers.Said.Cast<SessionAnswered>().Single(answered => answered.Outcome == ReleaseOutcome.Busy).Number
            .ShouldBe((ulong)SessionGiver.MostDepartures);
    }

    // Both ask for it, and this node has it first: when its client has connected, this node's claim is the later one, so a session that
    // came to the other node would end there, and here as well.
    [Fact]
    public async Task Session_WhoseClientHasConnectedHereMeanwhile_Stays()
    {
        await using var rig = new BrokerRig();
        await rig.ConnectAsync("c", change: BrokerRig.Lasting);
        var clients = Clients(rig);
        using var giver = Giver(rig, clients);
        var client = ClientHash.Of("c");
        var wish = clients.TryWish(client, "c", after: 0, out _).ShouldNotBeNull();
        giver.Hear(new SessionAsked("n2", "e2", "e1", 7, "c", "alice", false, wish.Stamp + 1));
        await Eventually.HoldsAsync("its wish is lost, or too late for that", () => wish.IsLost);

        clients.Hold(client, "c", owner: 1, (ClaimPhase.Kept, HasBegunHere: false), rig.Clock.UtcNow);
        clients.Renew(client);
        clients.Renew(client);
        clients.EndWish(client, wish);
        await Eventually.CompletesAsync("it is answered", _tasks.WhenIdle());

        _peers.Said.ShouldHaveSingleItem().ShouldBeOfType<SessionAnswered>().Outcome.ShouldBe(ReleaseOutcome.Busy);
        rig.Broker.Sessions.Find("c").ShouldNotBeNull().IsLeaving.ShouldBeFalse();
    }

    // What that node has sent here, and is not taken any more, would come to a session that is gone.
    [Theory]
    [InlineData("n2", true)]
    [InlineData("n3", false)]
    public async Task Session_IsGivenOnlyWithTheMarksThatTheOtherNodeAwaits(string awaited, bool isGiven)
    {
        await using var rig = new BrokerRig();
        await rig.ConnectAsync("c", change: BrokerRig.Lasting);
        using var giver = Giver(rig);
        _peers.FindLive = () => ["n2"];
        giver.Hear(new SessionAsked("n2", "e2", "e1", 7, "c", "alice", false, long.MaxValue));
        await Eventually.CompletesAsync("it is answered", _tasks.WhenIdle());

        giver.OnMark("n2", 7);
        giver.Hear(new MarksAsked("n2", "e2", "n1", 7, 1, ["n1", awaited]));
        giver.Hear(new PieceAsked("n2", "e2", "e1", 7, 0));
        await Eventually.CompletesAsync("the head is sent", _tasks.WhenIdle());
        giver.Hear(new PieceAsked("n2", "e2", "e1", 7, 1));
        await Eventually.CompletesAsync("it is done", _tasks.WhenIdle());

        _peers.Pieces.ShouldBe(isGiven ? 2 : 1);
    }

    private static OwnClients Clients(BrokerRig rig) => new(new OwnInterest(new PeerWatermark(), static () => { }), rig.Clock.Time);

    private SessionGiver Giver(BrokerRig rig, OwnClients? clients = null) => new(
        "n1", "e1", new ClusterOptions(), rig.Broker, clients ?? Clients(rig), _peers, new MarkSender(rig.Broker, _peers, _tasks),
        static () => 1, PieceSize, rig.Clock.Time, _tasks);
}
