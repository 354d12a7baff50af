using System.Text.Json;
using Cassini.Streams.Events;
using Cassini.Streams.Fleet;
using Cassini.Tests.Feed;

namespace Cassini.Tests.Cluster;

/// <summary>What readers of <c>GET /fleet</c> rely on.</summary>
public class FleetContractTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 30, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Json_ThereAndBack_IsTheSame()
    {
        var snapshot = Snapshot(Node("n1", FleetNodeState.Self), Node("n2", FleetNodeState.Alive)) with { Tombstones = [Stone("n3")] };
        var json = JsonSerializer.Serialize(snapshot, FleetJson.Snapshot);

        json.ShouldStartWith(
            """{"fleet":"main","node":"n1","epoch":"000001a202b2c500","revision":7,"asOf":"2026-11-30T12:00:00.000Z","status":"ok",""");
        json.ShouldContain("\"reason\":\"lost\"");
        JsonSerializer.Serialize(JsonSerializer.Deserialize(json, FleetJson.Snapshot)!, FleetJson.Snapshot).ShouldBe(json);
    }

    [Fact]
    public void Json_OfALaterVersion_IsRead()
    {
        var json = JsonSerializer.Serialize(Node("n2", FleetNodeState.Alive), FleetJson.Node).Replace("{\"node\"", "{\"new\":[1],\"node\"");

        JsonSerializer.Deserialize(json, FleetJson.Node)!.Node.ShouldBe("n2");
    }

    [Fact]
    public void After_ANodeIsLost_HasItsTombstoneInItsPlace()
    {
        var before = Snapshot(Node("n1", FleetNodeState.Self), Node("n2", FleetNodeState.Suspect));
        var change = Change(8, FleetChangeKind.Lost, "n2") with { Tombstone = Stone("n2"), Status = HealthStatus.Degraded };

        var after = before.After(change);

        after.Nodes.Select(node => node.Node).ShouldBe(["n1"]);
        after.Tombstones.Single().Node.ShouldBe("n2");
        (after.Revision, after.Status).ShouldBe((8, HealthStatus.Degraded));
        after.After(change).ShouldBeSameAs(after, "it is known already");
        FleetChange.MessageOf(change.Change).ShouldBe("tombstone");
    }

    [Fact]
    public void After_ANodeJoins_IsInItsPlaceByName()
    {
        var before = Snapshot(Node("n1", FleetNodeState.Self), Node("n3", FleetNodeState.Alive)) with { Tombstones = [Stone("n2")] };

        var after = before.After(Change(8, FleetChangeKind.Joined, "n2") with { Peer = Node("n2", FleetNodeState.Alive) });

        after.Nodes.Select(node => node.Node).ShouldBe(["n1", "n2", "n3"]);
        after.Tombstones.ShouldBeEmpty();
    }

    [Fact]
    public void After_AChangeOfANode_KeepsItsLink()
    {
        var links = new NodeLinks(true, 3);
        var before = Snapshot(Node("n1", FleetNodeState.Self), Node("n2", FleetNodeState.Alive) with { Links = links });

        var after = before.After(Change(8, FleetChangeKind.Transition, "n2") with { Peer = Node("n2", FleetNodeState.Alive) });

        after.Nodes[1].Links.ShouldBe(links);
    }

    private static FleetSnapshot Snapshot(params FleetNode[] nodes) => new()
    {
        Fleet = "main",
        Node = "n1",
        Epoch = "000001a202b2c500",
        Revision = 7,
        AsOf = Noon,
        Status = HealthStatus.Ok,
        Ready = true,
        Nodes = [.. nodes],
        Tombstones = [],
    };

    private static FleetNode Node(string name, FleetNodeState state) => FleetText.Node(name, state: state) with
    {
        Epoch = "000001a202b2c500",
        Since = Noon,
        Heard = new NodeHeard(Noon, null),
        Links = null,
        Interest = null,
        Snapshot = FleetText.Node(name).Snapshot with { Version = "1.2.3", AsOf = Noon },
    };

    private static Tombstone Stone(string node) => new()
    {
        Node = node,
        Epoch = "000001a202b2c500",
        LostAt = Noon,
        LastStatus = HealthStatus.Ok,
        LastRevision = 3,
        Sessions = 1,
        Reason = TombstoneReason.Lost,
    };

    private static FleetChange Change(long revision, FleetChangeKind kind, string node) => new()
    {
        Revision = revision,
        Time = Noon,
        Change = kind,
        Node = node,
        From = HealthStatus.Ok,
        To = HealthStatus.Unknown,
        Status = HealthStatus.Ok,
        Ready = true,
    };
}
