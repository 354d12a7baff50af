using System.Net;
using System.Text.Json;
using Cassini.Management;
using Cassini.Management.Http;
using Cassini.Streams.Cluster;
using Cassini.Streams.Cluster.Fleet;
using Cassini.Streams.Events;
using Cassini.Streams.Fleet;
using Cassini.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cassini.Tests.Management;

/// <summary>GET /fleet over real HTTP.</summary>
public class FleetTests
{
    private const string Stream = "text/event-stream";
    private const string E1 = "0000000000000001";

    [Fact]
    public async Task Fleet_OfABrokerOnItsOwn_IsThatBroker()
    {
        await using var rig = await ManagementRig.StartReadyAsync();

        using var response = await rig.GetAsync("/fleet");
        response.Content.Headers.ContentType!.MediaType.ShouldBe("application/json");
        response.Headers.CacheControl!.NoStore.ShouldBeTrue();
        var snapshot = JsonSerializer.Deserialize(await TextOf(response), FleetJson.Snapshot).ShouldNotBeNull();

        snapshot.Fleet.ShouldBeNull();
        (snapshot.Status, snapshot.Ready).ShouldBe((HealthStatus.Ok, true));
        snapshot.Epoch.ShouldBe(rig.Hub.Epoch.ToString());
        var node = snapshot.Nodes.ShouldHaveSingleItem();
        (node.Node, node.State).ShouldBe((snapshot.Node, FleetNodeState.Self));
        node.Snapshot.Revision.ShouldBe(rig.Health.Current.Revision);
        snapshot.HeartbeatSeconds.ShouldBe(15);
        var alone = JsonSerializer.Deserialize(await rig.GetTextAsync($"/fleet/{snapshot.Node}"), FleetJson.Node);
        alone!.Epoch.ShouldBe(snapshot.Epoch);
    }

    [Fact]
    public async Task Feed_OfABrokerOnItsOwn_HasItsTransitions_AndResumes()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        using var feed = await FeedReader.OpenAsync(rig.Http, accept: Stream, path: "/fleet");
        var first = await feed.ExpectAsync("snapshot");
        first.Json.GetProperty("ready").GetBoolean().ShouldBeTrue();

        rig.Publish(new ListenerClosed("127.0.0.1:8883", ListenerCloseReason.Rehearsal));

        var change = await feed.ExpectAsync("transition");
        change.Sequence.ShouldBe(first.Sequence + 1);
        change.Json.GetProperty("to").GetString().ShouldBe("error");
        change.Json.GetProperty("ready").GetBoolean().ShouldBeFalse();
        using var resumed = await FeedReader.OpenAsync(rig.Http, lastEventId: first.Id, accept: Stream, path: "/fleet");
        (await resumed.ExpectAsync("snapshot")).Id.ShouldBeNull("it does not move the subscriber");
        (await resumed.ExpectAsync("transition")).Id.ShouldBe(change.Id);
    }

    [Theory]
    [InlineData("banana", "malformed")]
    [InlineData("0000000000000001-3", "otherEpoch")]
    [InlineData("EPOCH-999", "future")]
    public async Task Feed_ThatCannotResume_IsReset(string lastEventId, string reason)
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        using var feed = await FeedReader.OpenAsync(
            rig.Http, lastEventId: lastEventId.Replace("EPOCH", rig.Hub.Epoch.ToString()), accept: Stream, path: "/fleet");

        (await feed.ExpectAsync("reset")).Json.GetProperty("reason").GetString().ShouldBe(reason);
        (await feed.ExpectAsync("snapshot")).Id.ShouldNotBeNull();
    }

    [Fact]
    public async Task Feed_ThatIsQuiet_HasHeartbeats_AndEndsWithBye()
    {
        await using var rig = await ManagementRig.StartReadyAsync(new ManagementOptions { FeedHeartbeat = TimeSpan.FromSeconds(1) });
        using var feed = await FeedReader.OpenAsync(rig.Http, accept: Stream, path: "/fleet");
        var snapshot = await feed.ExpectAsync("snapshot");

        (await feed.ExpectAsync("heartbeat")).Id.ShouldBe(snapshot.Id);
        var stopping = rig.StopAsync();
        FeedItem? last = null;
        while (await feed.NextAsync() is { } item)
        {
            last = item;
        }

        last.ShouldNotBeNull().Type.ShouldBe("bye");
        await Eventually.CompletesAsync("it stops", stopping);
    }

    [Fact]
    public async Task Feed_PastTheCap_Is503()
    {
        await using var rig = await ManagementRig.StartReadyAsync(new ManagementOptions { MaxFeeds = 1 });
        using var events = await FeedReader.OpenAsync(rig.Http);

        using var refused = await rig.GetAsync("/fleet", Stream);

        refused.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
    }

    [Fact]
    public async Task Tombstone_IsShownAndForgotten_WithWhoDidIt()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        using var fleet = new FleetProjection(new ClusterOptions(), "n1", rig.Hub, rig.Health, TimeProvider.System);
        await using var app = ManagementApp.Create(
            rig.Managed with { Fleet = fleet }, rig.Options, NullLoggerFactory.Instance, TimeProvider.System);
        await app.StartAsync(TestContext.Current.CancellationToken);
        using var http = new HttpClient { BaseAddress = ManagementApp.AddressOf(app) };
        using var feed = await FeedReader.OpenAsync(http, accept: Stream, path: "/fleet");
        await feed.ExpectAsync("snapshot");

        rig.Publish(new EngineConnected("nats"), new PeerJoined("n2", E1));

        // First that this node hears one more, then which.
        await feed.ExpectAsync("transition");
        var joined = await feed.ExpectAsync("node");
        (joined.Json.GetProperty("change").GetString(), joined.Json.GetProperty("node").GetString()).ShouldBe(("joined", "n2"));
        (await DeleteAsync(http, "n2")).StatusCode.ShouldBe(HttpStatusCode.Conflict);

        rig.Publish(new PeerLost("n2", E1, TimeSpan.FromSeconds(10)));
        await feed.ExpectAsync("transition");
        (await feed.ExpectAsync("tombstone")).Json.GetProperty("change").GetString().ShouldBe("lost");
        using (var gone = await http.GetAsync("/fleet/n2", TestContext.Current.CancellationToken))
        {
            gone.StatusCode.ShouldBe(HttpStatusCode.Gone);
            JsonSerializer.Deserialize(await TextOf(gone), FleetJson.Tombstone)!.Reason.ShouldBe(TombstoneReason.Lost);
        }

        (await DeleteAsync(http, "n2")).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await feed.ExpectAsync("tombstone")).Json.GetProperty("change").GetString().ShouldBe("forgotten");
        (await DeleteAsync(http, "n2")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        rig.Hub.Log.TryGet(rig.Hub.Log.Newest, out var last).ShouldBeTrue();
        last.Event.ShouldBeOfType<RemedyApplied>().ShouldSatisfyAllConditions(
            done => done.Action.ShouldBe(RemedyAction.ForgetNode),
            done => done.Target.ShouldBe("n2"));
        await app.StopAsync(TestContext.Current.CancellationToken);
    }

    private static Task<string> TextOf(HttpResponseMessage response) =>
        response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

    private static Task<HttpResponseMessage> DeleteAsync(HttpClient http, string node) =>
        http.DeleteAsync($"/fleet/{node}", TestContext.Current.CancellationToken);
}
