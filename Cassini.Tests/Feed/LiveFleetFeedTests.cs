using System.Collections.Immutable;
using System.Text.Json;
using Cassini.Management;
using Cassini.Streams.Cluster;
using Cassini.Streams.Cluster.Fleet;
using Cassini.Streams.Events;
using Cassini.Streams.Feed;
using Cassini.Streams.Fleet;
using Cassini.Tests.Health;
using Cassini.Tests.Management;
using Cassini.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cassini.Tests.Feed;

/// <summary>The client of a fleet's feed over real sockets, against the real management surface of one node or of two.</summary>
public sealed class LiveFleetFeedTests : IAsyncDisposable
{
    private const string First = "0000000000000001";
    private const string Second = "0000000000000002";
    private readonly List<IAsyncDisposable> _owned = [];
    private volatile ImmutableList<FleetFeedNote> _notes = [];

    public async ValueTask DisposeAsync()
    {
        foreach (var owned in Enumerable.Reverse(_owned))
        {
            await owned.DisposeAsync();
        }
    }

    [Fact]
    public async Task Notes_WhateverHappens_SayWhatTheNodeSays()
    {
        var node = await StartAsync("n1");
        using var feed = new FleetFeed([node.Address]);
        using var subscription = Follow(feed);
        await Eventually.HoldsAsync("the first snapshot", () => _notes.LastOrDefault() is FleetFollowed);

        foreach (var happens in Story(node))
        {
            happens();
            await Eventually.HoldsAsync(
                "it says what the node says", () => Essence(_notes[^1].Snapshot) == Essence(node.Fleet.Current));
        }

        _notes.OfType<FleetLost>().ShouldBeEmpty();
        _notes.OfType<FleetChanged>().Select(note => note.Change.Change).Distinct().Count().ShouldBeGreaterThan(5);
    }

    [Fact]
    public async Task Notes_TheNodeStops_AreThoseOfTheNextUntilThatStops()
    {
        var (one, two) = (await StartAsync("n1"), await StartAsync("n2"));
        using var feed = new FleetFeed([one.Address, two.Address]);
        using var subscription = Follow(feed);
        await Eventually.HoldsAsync("n1 speaks", () => _notes.LastOrDefault() is FleetFollowed { Snapshot.Node: "n1" });

        await one.StopAsync();

        await Eventually.HoldsAsync("n2 speaks", () => _notes.Any(note => note is FleetFollowed { Snapshot.Node: "n2" }));
        var lost = _notes.OfType<FleetLost>().First();
        lost.Lost.Reason.ShouldBe(FeedLoss.Stopped);
        lost.Snapshot.Nodes.ShouldAllBe(known => known.Snapshot.Status == HealthStatus.Unknown);

        await two.StopAsync();

        await Eventually.HoldsAsync("nobody speaks", () => _notes[^1] is FleetLost { All.Length: 2 });
        _notes[^1].Snapshot.Ready.ShouldBeFalse();
    }

    [Fact]
    public async Task WaitUntilReady_APeerSaysThatItIs_EndsWithIt()
    {
        var node = await StartAsync("n1");
        using var feed = new FleetFeed([node.Address]);
        var waiting = feed.WaitUntilReadyAsync(2, TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
        node.Rig.Publish(new EngineConnected("nats"), new PeerJoined("n2", First));

        node.Say("n2", First, FleetText.Node("n2").Snapshot);

        var fleet = await Eventually.CompletesAsync("the wait", waiting);
        fleet.Nodes.Select(known => known.Node).ShouldBe(["n1", "n2"]);
    }

    private static IEnumerable<Action> Story(LiveNode node)
    {
        yield return () => node.Rig.Publish(new EngineConnected("nats"), new PeerJoined("n2", First));
        yield return () => node.Say("n2", First, FleetText.Node("n2").Snapshot);
        yield return () => node.Rig.Publish(Happened.BindFailed());
        yield return () => node.Rig.Publish(new PeerSuspected("n2", TimeSpan.FromSeconds(3)));
        yield return () => node.Rig.Publish(new PeerBack("n2", TimeSpan.FromSeconds(4)));
        yield return () => node.Say("n2", First, FleetText.Node("n2", ready: false).Snapshot with { Revision = 9 });
        yield return () => node.Rig.Publish(new EngineLost("cut"));
        yield return () => node.Rig.Publish(new EngineConnected("nats"));
        yield return () => node.Rig.Publish(new PeerLost("n2", First, TimeSpan.FromSeconds(10)));
        yield return () => node.Rig.Publish(new PeerJoined("n2", Second));
        yield return () => node.Rig.Publish(new PeerLeft("n2"));
        yield return () => node.Fleet.Apply(new GoneSaid([], [new Forgetting("n2", Second, TimeProvider.System.GetUtcNow())]));
    }

    /// <summary>What a controller decides by: numbers and times alone are no change.</summary>
    private static string Essence(FleetSnapshot fleet) => JsonSerializer.Serialize(new
    {
        fleet.Node,
        fleet.Epoch,
        fleet.Status,
        fleet.Ready,
        Nodes = fleet.Nodes.Select(node => (node.Node, node.Epoch, node.State, node.Snapshot.Status, node.Snapshot.Ready,
            node.Snapshot.Reason, node.Management).ToString()),
        Gone = fleet.Tombstones.Select(gone => (gone.Node, gone.Epoch, gone.Reason).ToString()),
    });

    private IDisposable Follow(FleetFeed feed) => feed.Notes.Subscribe(
        note => _notes = _notes.Add(note), failure => throw failure);

    private async Task<LiveNode> StartAsync(string name)
    {
        var node = await LiveNode.StartAsync(name);
        _owned.Add(node);
        return node;
    }

    /// <summary>A node whose peers are what the test says, with its management.</summary>
    private sealed class LiveNode : IAsyncDisposable
    {
        private readonly WebApplication _app;
        private long _number;
        private bool _isStopped;

        private LiveNode(ManagementRig rig, string name)
        {
            Rig = rig;
            Fleet = new FleetProjection(new ClusterOptions(), name, rig.Hub, rig.Health, TimeProvider.System);
            _app = ManagementApp.Create(
                rig.Managed with { Fleet = Fleet }, rig.Options, NullLoggerFactory.Instance, TimeProvider.System);
        }

        public ManagementRig Rig { get; }

        public FleetProjection Fleet { get; }

        public Uri Address { get; private set; } = null!;

        public static async Task<LiveNode> StartAsync(string name)
        {
            var node = new LiveNode(await ManagementRig.StartReadyAsync(), name);
            await node._app.StartAsync(TestContext.Current.CancellationToken);
            node.Address = ManagementApp.AddressOf(node._app);
            return node;
        }

        public void Say(string node, string epoch, FleetNodeHealth health) =>
            Fleet.Apply(new NodeSaid(node, epoch, ++_number, health, $"https://{node}.test:9090/"));

        public async Task StopAsync()
        {
            if (!_isStopped)
            {
                _isStopped = true;
                await Eventually.CompletesAsync("its management stops", _app.StopAsync(CancellationToken.None));
            }
        }

        public async ValueTask DisposeAsync()
        {
            await StopAsync();
            await _app.DisposeAsync();
            Fleet.Dispose();
            await Rig.DisposeAsync();
        }
    }
}
