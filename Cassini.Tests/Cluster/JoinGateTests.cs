using Cassini.Streams.Broker.Sessions;
using Cassini.Streams.Cluster;
using Cassini.Streams.Cluster.Engine;
using Cassini.Streams.Cluster.Interest;
using Cassini.Streams.Cluster.Sessions;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Tests.Broker;
using Cassini.Tests.Support;
using Cassini.Tests.VirtualTime;

namespace Cassini.Tests.Cluster;

/// <summary>What a node waits for until its peer knows it; the peer says what the test lets it say.</summary>
public sealed class JoinGateTests : IDisposable
{
    private readonly VirtualClock _clock = new();
    private readonly SimulatedNode _node;
    private readonly IBus _peer;
    private readonly string _run;
    private readonly Queue<(TimeSpan At, long Version)> _told = new();
    private string _epoch = "";

    public JoinGateTests()
    {
        var engine = new SimulatedEngine(_clock, new Random(1));
        _peer = engine.Connect("n2");
        _run = Epoch.StartingAt(_clock.UtcNow).ToString();
        _peer.Subscribe("cassini.main.c.all", Hear);
        _node = new SimulatedNode(_clock, engine, "n1", new ClusterOptions(), store: new InMemoryStore());

        // Until then it asks for its name, and hears nobody.
        _clock.AdvanceBy(new ClusterOptions().HeartbeatInterval);
    }

    public void Dispose() => _node.Dispose();

    // Each change is confirmed soon, but there is always one more under way: none has waited for long.
    [Fact]
    public void Changes_WithoutAnEndAndConfirmedSoon_AreNotTakenForConfirmedBeforeTheyAre()
    {
        for (var i = 0; i < 4_000; i++)
        {
            if (i % 400 == 0)
            {
                Beat(interest: 0);
            }

            if (i % 2 == 0)
            {
                _node.Broker.Sessions.Fleet!.OnHeld($"c{i}", "alice", HeldSession.HasCome, _clock.UtcNow);
            }

            while (_told.TryPeek(out var first) && _clock.Elapsed - first.At >= TimeSpan.FromMilliseconds(4))
            {
                _told.Dequeue();
                Confirm(first.Version);
            }

            _clock.AdvanceBy(TimeSpan.FromMilliseconds(1));
        }

        _node.Events.Of<InterestLagging>().ShouldBeEmpty();
    }

    // It would hold for all that this run says later.
    [Fact]
    public void Confirmation_OfWhatWasNeverSaid_CountsForNothing()
    {
        Beat(interest: 0);
        _clock.AdvanceBy(TimeSpan.FromMilliseconds(100));
        Confirm(long.MaxValue);
        _clock.AdvanceBy(TimeSpan.FromMilliseconds(100));

        _node.Subscribe("t", out var answer);
        _clock.AdvanceBy(TimeSpan.FromMilliseconds(100));

        answer.ShouldNotBeNull().IsReached.ShouldBeFalse();
    }

    // After a cut the first that is heard may be a change. What it says is its own, and must not give up what it has.
    [Fact]
    public void Interest_OfAPeerThatIsGone_IsTakenWhenItIsBack()
    {
        var client = ClientHash.Of("c");
        Say(interest: 1);
        Tell(0, 1, new ClientClaim(client, 5, ClaimPhase.Kept));
        Say(interest: 1);
        _clock.AdvanceBy(TimeSpan.FromSeconds(20));
        _node.Events.Of<PeerLost>().ShouldHaveSingleItem();
        _node.Node.Links["n2"].Interest.Known.ShouldBeFalse("it may have other sessions when it is back");

        Tell(0, 2, new ClientClaim(client, 5, ClaimPhase.Kept));
        _node.Node.OwnersOf(client).ShouldHaveSingleItem().IsLive.ShouldBeFalse();

        Say(interest: 2);
        Tell(0, 2, new ClientClaim(client, 5, ClaimPhase.Kept));
        _node.Node.OwnersOf(client).ShouldHaveSingleItem().IsLive.ShouldBeTrue();
    }

    // Its peer has said nothing but that it lives. Whoever waits would wait for a node that is not there any more.
    [Fact]
    public async Task Stop_BeforeTheNodeHasJoined_EndsAllWaitsAndLetsNobodyIn()
    {
        Beat(interest: 1);
        _clock.AdvanceBy(TimeSpan.FromMilliseconds(100));
        var connecting = ClaimAsync();
        _node.Subscribe("t", out var answer);
        _clock.AdvanceBy(TimeSpan.FromMilliseconds(100));
        connecting.IsCompleted.ShouldBeFalse();
        answer.ShouldNotBeNull().IsReached.ShouldBeFalse();

        _node.Node.Stop();

        // No time passes.
        using var claim = await Eventually.CompletesAsync("CONNECT is answered", connecting);
        (claim.Reason, claim.IsGranted).ShouldBe((ReasonCode.ServerUnavailable, false));
        _node.Node.HasJoined.ShouldBeFalse();
        answer.IsReached.ShouldBeTrue();
    }

    // Another node came later, and has not said which sessions it has.
    [Fact]
    public async Task Stop_WhileAPeerHasNotSaidWhatItHas_EndsTheWaitForIt()
    {
        _clock.AdvanceBy(TimeSpan.FromSeconds(5));
        _node.Node.HasJoined.ShouldBeTrue();
        Beat(interest: 1);
        _clock.AdvanceBy(TimeSpan.FromMilliseconds(100));
        var connecting = ClaimAsync();
        connecting.IsCompleted.ShouldBeFalse();

        _node.Node.Stop();

        using var claim = await Eventually.CompletesAsync("CONNECT is answered", connecting);
    }

    private Task<SessionClaim> ClaimAsync() => _node.Broker.Sessions.Fleet!.ClaimAsync(
        new AttachRequest("c", "alice", CleanStart: true, 0, [], []), TestContext.Current.CancellationToken);

    private void Hear(ReadOnlyMemory<byte> bytes)
    {
        if (ControlMessage.Read(bytes.Span) is { Node: "n1" } message)
        {
            _epoch = message.Epoch;
            if (message is InterestTold told)
            {
                _told.Enqueue((_clock.Elapsed, told.To));
            }
        }
    }

    private void Confirm(long version) =>
        _peer.TryPublish("cassini.main.c.node.n1", new InterestSeen("n2", _run, _epoch, version).ToBytes());

    private void Beat(long interest) =>
        _peer.TryPublish("cassini.main.c.all", new Beat("n2", _run, interest, "same", _clock.UtcNow, 0).ToBytes());

    private void Say(long interest)
    {
        for (var i = 0; i < 2; i++)
        {
            Beat(interest);
            _clock.AdvanceBy(TimeSpan.FromMilliseconds(500));
        }
    }

    private void Tell(long from, long to, params ClientClaim[] claims)
    {
        _peer.TryPublish("cassini.main.c.all", new InterestTold(
            "n2", _run, from, to, 0, 1, [], [], [], [.. claims.Select(claim => claim.ToString())], [], [], []).ToBytes());
        _clock.AdvanceBy(TimeSpan.FromMilliseconds(100));
    }
}
