using System.Text;
using Cassini.Streams.Cluster;
using Cassini.Streams.Cluster.Fleet;
using Cassini.Streams.Events;
using Cassini.Streams.Feed;
using Cassini.Streams.Fleet;
using Cassini.Tests.Integration;
using Cassini.Tests.Support;

namespace Cassini.Tests.Cluster;

/// <summary>The health of all nodes, on whole brokers and real NATS servers.</summary>
public class FleetHealthTests
{
    [Fact]
    public async Task Nodes_ThatAreWell_KnowItOfEachOther()
    {
        await using var fleet = await Fleet.StartAsync(2);
        foreach (var node in fleet.Nodes)
        {
            var snapshot = await BecomesAsync(
                node, "all are ready", now => now.Nodes.Length == 2 && now.Nodes.All(one => one.Snapshot.Ready));
            snapshot.Nodes.Select(one => one.Node).ShouldBe(["n1", "n2"]);
            snapshot.Nodes.Single(one => one.State == FleetNodeState.Self).Node.ShouldBe(snapshot.Node);
            var peer = snapshot.Nodes.Single(one => one.State == FleetNodeState.Alive);
            peer.Links.ShouldBe(new NodeLinks(true, 0));
            peer.Interest!.Known.ShouldBeTrue();
            snapshot.Tombstones.ShouldBeEmpty();
        }
    }

    [Fact]
    public async Task Transition_OfANode_ComesToTheOthers()
    {
        await using var fleet = await Fleet.StartAsync(2);
        await KnowEachOtherAsync(fleet);
        var before = Health(fleet, 0).Log.Newest;

        fleet.Nodes[1].Host.Hub.Publish(new Crashed(new Component(ComponentKind.Service, "test"), "test", "it was said", 1, null));

        var snapshot = await BecomesAsync(
            fleet.Nodes[0], "it is known", now => Find(now, "n2")?.Snapshot is { Status: HealthStatus.Error } node
                && node.Failing.Any(check => check.Name == "supervision"));
        snapshot.Status.ShouldBe(HealthStatus.Error);
        Changes(fleet, 0).ShouldContain(change => change.Revision > before && change.Change == FleetChangeKind.Transition
            && change.Node == "n2" && change.To == HealthStatus.Error);
    }

    // The engine hangs, as one that is cut off: no word comes, so nothing good is said. Then it is back.
    [Fact]
    public async Task Engine_Killed_EverybodyElseIsUnknown_UntilItIsBack()
    {
        await using var fleet = await Fleet.StartAsync(2);
        await KnowEachOtherAsync(fleet);

        await fleet.Nats.KillAsync(0);

        foreach (var (node, peer) in new[] { (fleet.Nodes[0], "n2"), (fleet.Nodes[1], "n1") })
        {
            var now = await BecomesAsync(node, "the other is unknown", now => Find(now, peer)!.State == FleetNodeState.Unknown);
            var unknown = Find(now, peer)!.Snapshot;
            (unknown.Status, unknown.Ready, unknown.Reason).ShouldBe((HealthStatus.Unknown, false, nameof(FeedLoss.Cut)));
            now.Ready.ShouldBeTrue("it serves itself");
            now.Tombstones.ShouldBeEmpty();
        }

        await fleet.Nats.StartAsync(0);
        await KnowEachOtherAsync(fleet);
        Changes(fleet, 0).Select(change => (change.Node, change.Change)).ShouldContain(("n2", FleetChangeKind.Back));
    }

    [Fact]
    public async Task Node_ThatIsLost_IsATombstoneOnAll_AlsoOnOneThatComesLater_UntilItIsBack()
    {
        await using var fleet = await Fleet.StartAsync(2, Quick, servers: 2);
        var third = await fleet.AddAsync("n3", OnSecond(fleet));
        await KnowEachOtherAsync(fleet);
        var epoch = third.Mqtt.Hub.Epoch.ToString();

        await fleet.LoseAsync(third);

        foreach (var node in fleet.Nodes)
        {
            await BecomesAsync(node, "it is unknown", now => Find(now, "n3") is null or { Snapshot.Ready: false });
            var now = await BecomesAsync(node, "it is a tombstone", now => now.Tombstones.Length == 1);
            now.Tombstones[0].ShouldSatisfyAllConditions(
                gone => gone.Node.ShouldBe("n3"),
                gone => gone.Epoch.ShouldBe(epoch),
                gone => gone.Reason.ShouldBe(TombstoneReason.Lost),
                gone => gone.LastStatus.ShouldBe(HealthStatus.Ok));
            now.Status.ShouldBe(HealthStatus.Degraded);
        }

        Changes(fleet, 0).Where(change => change.Node == "n3").Select(change => change.Change).ShouldContain(FleetChangeKind.Suspected);
        var fourth = await fleet.AddAsync("n4", Quick);
        await BecomesAsync(fourth, "the others have told it", now => now.Tombstones.Any(gone => gone.Node == "n3"));

        await fleet.AddAsync("n3", Quick);
        foreach (var node in fleet.Nodes)
        {
            await BecomesAsync(node, "it is back", now => now.Tombstones.IsEmpty && Find(now, "n3") is { Snapshot.Ready: true });
        }
    }

    [Fact]
    public async Task Tombstone_OutlivesTheRestartOfAll()
    {
        using var directory = new TempDirectory();
        await using (var fleet = await Fleet.StartAsync(1, Kept, servers: 2))
        {
            var second = await fleet.AddAsync("n2", OnSecond(fleet));
            await KnowEachOtherAsync(fleet);
            await fleet.LoseAsync(second);
            await BecomesAsync(fleet.Nodes[0], "it is a tombstone", now => now.Tombstones.Length == 1);
        }

        File.ReadAllText(directory.File(FleetFile.Name)).ShouldContain("n2");
        await using var later = await Fleet.StartAsync(1, Kept);
        Health(later, 0).Current.Tombstones.Select(gone => (gone.Node, gone.Reason)).ShouldBe([("n2", TombstoneReason.Lost)]);

        ClusterOptions Kept(ClusterOptions options) => Quick(options) with { Directory = directory.Path };
    }

    [Fact]
    public async Task Forgotten_OnOneNode_IsForgottenOnAll()
    {
        await using var fleet = await Fleet.StartAsync(2, Quick, servers: 2);
        var third = await fleet.AddAsync("n3", OnSecond(fleet));
        await KnowEachOtherAsync(fleet);
        await fleet.LoseAsync(third);
        foreach (var node in fleet.Nodes)
        {
            await BecomesAsync(node, "it is a tombstone", now => now.Tombstones.Length == 1);
        }

        Forget(fleet.Nodes[0]);

        foreach (var node in fleet.Nodes)
        {
            await BecomesAsync(node, "it is forgotten", now => now.Tombstones.IsEmpty);
            await node.HappensAsync<PeerForgotten>("nothing is to be said against the fleet", happened => happened.Node == "n3");
            await Eventually.BecomesAsync(
                "all is well",
                () => string.Join("; ", node.Mqtt.Fleet!.Current.Nodes.Select(
                    one => $"{one.Node} {one.State} {one.Snapshot.Status} {one.Snapshot.Message}")),
                text => !text.Contains(nameof(HealthStatus.Degraded)) && !text.Contains(nameof(HealthStatus.Unknown)));
        }
    }

    [Fact]
    public async Task Node_ThatStops_HasLeft()
    {
        await using var fleet = await Fleet.StartAsync(2);
        await KnowEachOtherAsync(fleet);

        await fleet.Nodes[1].DisposeAsync();

        var now = await BecomesAsync(fleet.Nodes[0], "it has left", now => now.Tombstones.Length == 1);
        now.Tombstones[0].Reason.ShouldBe(TombstoneReason.Left);
        now.Status.ShouldBe(HealthStatus.Ok);
    }

    [Fact]
    public async Task Topics_OfAllNodes_AreRetained()
    {
        await using var fleet = await Fleet.StartAsync(2);
        await KnowEachOtherAsync(fleet);

        await TopicBecomesAsync(fleet.Nodes[0], "n1", """{"status":"ok","ready":true,"reason":null}""");
        await TopicBecomesAsync(fleet.Nodes[0], "n2", """{"status":"ok","ready":true,"reason":null}""");
        await fleet.Nodes[1].DisposeAsync();
        await TopicBecomesAsync(fleet.Nodes[0], "n2", """{"status":"unknown","ready":false,"reason":"Stopped"}""");

        Forget(fleet.Nodes[0]);
        await TopicBecomesAsync(fleet.Nodes[0], "n2", null);
    }

    private static Task TopicBecomesAsync(RunningBroker node, string name, string? payload) => Eventually.BecomesAsync(
        $"the topic of {name}",
        () => node.Mqtt.Broker.Retained.Get(Encoding.UTF8.GetBytes($"$SYS/fleet/{name}/health")) is { } found
            ? Encoding.UTF8.GetString(found.Payload)
            : null,
        found => found == payload);

    private static void Forget(RunningBroker node)
    {
        var gone = node.Mqtt.Fleet!.Current.Tombstones.ShouldHaveSingleItem();
        node.Mqtt.Fleet!.Apply(new GoneSaid([], [new Forgetting(gone.Node, gone.Epoch, gone.LostAt)]));
    }

    private static ClusterOptions Quick(ClusterOptions options) => options with { DeadAfter = TimeSpan.FromSeconds(6) };

    /// <summary>A node that is alone on the second server.</summary>
    private static Func<ClusterOptions, ClusterOptions> OnSecond(Fleet fleet) =>
        options => Quick(options) with { Servers = [fleet.Nats.Addresses[1]] };

    private static FleetProjection Health(Fleet fleet, int node) => fleet.Nodes[node].Mqtt.Fleet.ShouldNotBeNull();

    private static FleetNode? Find(FleetSnapshot snapshot, string node) => snapshot.Nodes.FirstOrDefault(one => one.Node == node);

    private static Task<FleetSnapshot> BecomesAsync(RunningBroker node, string step, Func<FleetSnapshot, bool> condition) =>
        Eventually.BecomesAsync($"{node.Mqtt.Fleet!.State.Self.Node}: {step}", () => node.Mqtt.Fleet!.Current, condition);

    private static async Task KnowEachOtherAsync(Fleet fleet)
    {
        foreach (var node in fleet.Nodes)
        {
            await BecomesAsync(
                node, "all are ready",
                now => now.Nodes.Length == fleet.Nodes.Count && now.Nodes.All(one => one.Snapshot.Status == HealthStatus.Ok));
        }
    }

    private static IEnumerable<FleetChange> Changes(Fleet fleet, int node)
    {
        var log = Health(fleet, node).Log;
        return Enumerable.Range(1, (int)log.Newest).Select(revision => log.Find(revision)).OfType<FleetChange>();
    }
}
