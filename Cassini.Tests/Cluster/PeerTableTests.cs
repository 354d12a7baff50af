using Cassini.Streams.Cluster;
using Cassini.Streams.Cluster.Engine;
using Cassini.Streams.Cluster.Interest;
using Cassini.Streams.Cluster.Sessions;
using Cassini.Streams.Events;
using Cassini.Tests.VirtualTime;

namespace Cassini.Tests.Cluster;

/// <summary>Which peers a node knows when there are more names than it takes.</summary>
public sealed class PeerTableTests : IDisposable
{
    private const string Run = "000001a229de1f9d";
    private const int MostPeers = 64;

    private static readonly ClusterOptions Options =
        new() { SuspectAfter = TimeSpan.FromSeconds(2), DeadAfter = TimeSpan.FromSeconds(3) };

    private readonly VirtualClock _clock = new();
    private readonly IBus _peers;
    private readonly SimulatedNode _node;

    public PeerTableTests()
    {
        var engine = new SimulatedEngine(_clock, new Random(1));
        _peers = engine.Connect("peers");
        _node = new SimulatedNode(_clock, engine, "n1", Options);

        // Before that it asks whether it has its name.
        _clock.AdvanceBy(Options.HeartbeatInterval);
    }

    public void Dispose() => _node.Dispose();

    // What a session would miss counts for more than how long its node is gone.
    [Fact]
    public void Peer_BeyondTheMost_TakesThePlaceOfOneThatKeepsNothingAndThenOfTheOneGoneLongest()
    {
        var live = Enumerable.Range(0, MostPeers).Select(i => $"p{i}").ToHashSet();
        Say(live);
        Tell("p0", [new ClientClaim(ClientHash.Of("c"), 5, ClaimPhase.Kept)], []);
        Tell("p1", [], ["#"]);
        foreach (var silent in (string[])["p1", "p3", "p0", "p2"])
        {
            live.Remove(silent);
            for (var i = 0; i < 4; i++)
            {
                Say(live);
                _clock.AdvanceBy(TimeSpan.FromSeconds(1));
            }
        }

        _node.Events.Of<PeerLost>().Select(lost => lost.Node).ShouldBe(["p1", "p3", "p0", "p2"]);

        Say(["q0", "q1", "q2", "q3", "q4"]);

        _node.Events.Of<PeerForgotten>().Select(forgotten => forgotten.Node).ShouldBe(["p3", "p2", "p1", "p0"]);
        _node.Node.Peers.Length.ShouldBe(MostPeers);
        _node.Node.Peers.ShouldContain("q3");
        _node.Node.Peers.ShouldNotContain("q4", "all others are there");
    }

    private void Say(IEnumerable<string> names)
    {
        foreach (var name in names)
        {
            _peers.TryPublish("cassini.main.c.all", new Beat(name, Run, 0, "same", _clock.UtcNow, 0).ToBytes());
        }

        _clock.AdvanceBy(TimeSpan.FromMilliseconds(10));
    }

    private void Tell(string name, ClientClaim[] claims, string[] kept)
    {
        _peers.TryPublish("cassini.main.c.all", new InterestTold(
            name, Run, 0, 1, 0, 1, [], [], [], [.. claims.Select(claim => claim.ToString())], [], [.. kept], []).ToBytes());
        _clock.AdvanceBy(TimeSpan.FromMilliseconds(10));
    }
}
