using System.Text;
using Cassini.Streams.Broker.Sessions;
using Cassini.Streams.Broker.Upkeep;
using Cassini.Streams.Cluster;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Tests.Broker;
using Cassini.Tests.Support;
using Cassini.Tests.VirtualTime;

namespace Cassini.Tests.Cluster;

/// <summary>A node joins while a session moves between two others, and publishes for it.</summary>
public sealed class JoinDuringAMoveTests : IDisposable
{
    private static readonly ClusterOptions Options = new() { DeadAfter = TimeSpan.FromMinutes(30) };

    private readonly VirtualClock _clock = new();
    private readonly SimulatedEngine _engine;
    private readonly List<SimulatedNode> _nodes = [];
    private readonly RoamingClient _client = new("c", QualityOfService.AtLeastOnce, static _ => { });

    public JoinDuringAMoveTests() => _engine = new SimulatedEngine(_clock, new Random(1));

    public void Dispose() => _nodes.ForEach(node => node.Dispose());

    // Nobody waits for its mark: it was not there when the move began, and whatever it publishes comes to both nodes.
    [Fact]
    public async Task Publish_OfANodeThatJoinsDuringAMove_ComesToTheSession()
    {
        var (first, second) = (Start("n1"), Start("n2"));
        var claiming = await MoveAsync(first, second, "1", "2", "3");

        // All marks have come, and the first of several pieces.
        await HoldsAsync("its first message has come", () => second.Broker.Budget.Used > 100_000, every: 0.1);
        _engine.Cut("n1", "n2");
        var third = Start("n3");
        await HoldsAsync("it has joined", () => third.Node.HasJoined);
        var publishing = third.PublishAsync("t", "4", QualityOfService.AtLeastOnce);
        await HoldsAsync("it is acknowledged", () => publishing.IsCompleted);
        claiming.IsCompleted.ShouldBeFalse();
        _engine.Heal();
        await HoldsAsync("the session has come", () => claiming.IsCompleted);

        using var claim = await claiming;
        claim.IsGranted.ShouldBeTrue(claim.Detail);
        var payloads = new List<string>();
        await foreach (var moved in second.Broker.Sessions.Find("c").ShouldNotBeNull().Deliveries.ExportAsync(
            TestContext.Current.CancellationToken))
        {
            payloads.Add(Encoding.UTF8.GetString(moved.Message.Message.Payload)[..1]);
        }

        payloads.ShouldBe(["1", "2", "3", "4"]);
    }

    // The marks were asked for before it was there, and the session waits for that of every node that lives.
    [Fact]
    public async Task Move_DuringWhichANodeJoins_GetsItsMark()
    {
        var (first, second, _) = (Start("n1"), Start("n2"), Start("n3"));
        var claiming = await MoveAsync(first, second, "1");

        // Its wish is confirmed and its subscription known when the session leaves; then one mark does not come.
        await HoldsAsync("it leaves", () => first.Broker.Sessions.Find("c") is { IsLeaving: true }, every: 0.1);
        _engine.Cut("n3", "n2");
        await HoldsAsync("all has come but that mark", () => second.Broker.Budget.Used > 100_000, every: 1);
        Start("n4");
        await HoldsAsync("it is there", () => second.Node.Peers.Contains("n4"));
        claiming.IsCompleted.ShouldBeFalse();
        _engine.Heal();
        await HoldsAsync("there is an answer", () => claiming.IsCompleted);

        using var claim = await claiming;
        claim.IsGranted.ShouldBeTrue(claim.Detail);
    }

    // It has come: an operator must not look for it on the other node.
    [Fact]
    public async Task Move_ThatCannotBeToldToOthers_IsSaidToHaveArrived()
    {
        var (first, second) = (Start("n1"), Start("n2"));
        _clock.AdvanceBy(TimeSpan.FromSeconds(3));
        var sessions = first.Broker.Sessions;
        var moved = new MovedSession("c", "alice", 1_000_000, [], []);
        sessions.TryArrive(sessions.BeginArrival(moved).Session.ShouldNotBeNull(), moved).ShouldBeTrue();
        sessions.Fleet!.OnHeld("c", "alice", HeldSession.HasCome, _clock.UtcNow);
        _clock.AdvanceBy(TimeSpan.FromSeconds(1));
        var claiming = ClaimAsync(second);
        await HoldsAsync("it is here", () => second.Broker.Sessions.Find("c") is not null, every: 0.1);
        _engine.SetConnected("n2", false);

        await HoldsAsync("there is an answer", () => claiming.IsCompleted);

        using var claim = await claiming;
        claim.Detail.ShouldStartWith("the session is here");
        second.Events.Of<SessionArrived>().ShouldHaveSingleItem().From.ShouldBe("n1");
        second.Events.Of<SessionNotArrived>().ShouldBeEmpty();
    }

    /// <summary>A client goes away from a node, which keeps messages of it, and comes to another one.</summary>
    /// <param name="first">Where its session is.</param>
    /// <param name="second">Where it connects.</param>
    /// <param name="messages">How each of the messages begins; a piece of the session has little more than one.</param>
    private async Task<Task<SessionClaim>> MoveAsync(SimulatedNode first, SimulatedNode second, params string[] messages)
    {
        _clock.AdvanceBy(TimeSpan.FromSeconds(3));
        await _client.ConnectAsync(first);
        await HoldsAsync("it is connected", () => _client.IsConnected);
        await _client.SubscribeAsync("t");
        await HoldsAsync("it has subscribed", () => _client.IsSubscribed);
        await _client.LeaveAsync(isPolite: false);
        await HoldsAsync("it is away", () => first.Broker.Sessions.Open == 0);
        foreach (var message in messages)
        {
            (await first.PublishAsync("t", message + new string('x', 100_000), QualityOfService.AtLeastOnce)).Refusal
                .ShouldBe(LocalRefusal.None);
        }

        return ClaimAsync(second);
    }

    private static Task<SessionClaim> ClaimAsync(SimulatedNode node) => node.Broker.Sessions.Fleet!.ClaimAsync(
        new AttachRequest("c", "alice", CleanStart: false, 1_000_000, [], []), TestContext.Current.CancellationToken);

    /// <summary>Lets time pass, and the client read, until something holds.</summary>
    /// <param name="what">What that is, for people.</param>
    /// <param name="condition">Whether it holds.</param>
    /// <param name="every">How many milliseconds pass at once.</param>
    private Task HoldsAsync(string what, Func<bool> condition, double every = 10) => Eventually.BecomesAsync(
        what,
        async () =>
        {
            _clock.AdvanceBy(TimeSpan.FromMilliseconds(every));
            await _client.ReadAsync();
            return condition();
        },
        holds => holds);

    private SimulatedNode Start(string name)
    {
        _nodes.Add(new SimulatedNode(_clock, _engine, name, Options, store: new InMemoryStore()));
        return _nodes[^1];
    }
}
