using System.Net;
using Cassini.Management.Http;
using Cassini.Streams.Events;
using Cassini.Streams.Events.Hub;
using Cassini.Streams.Health;
using Cassini.Tests.Health;

namespace Cassini.Tests.Management;

public class EventsTests
{
    [Fact]
    public async Task Events_Fresh_BeginsWithASnapshotAndGoesOnWithWhatFollowsIt()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        var through = rig.Hub.LastSequence;
        using var feed = await FeedReader.OpenAsync(rig);

        feed.Response.Content.Headers.ContentType!.MediaType.ShouldBe("text/event-stream");
        var snapshot = await feed.ExpectAsync("snapshot");
        snapshot.Id.ShouldBe($"{rig.Hub.Epoch}-{through}");
        snapshot.Json.GetProperty("status").GetString().ShouldBe("ok");
        snapshot.Json.GetProperty("log").GetProperty("newestId").GetString().ShouldBe(snapshot.Id);

        rig.Publish(new ConnectionAccepted(1, Happened.Endpoint, "127.0.0.1:40000"));
        var accepted = await feed.ExpectAsync("event");
        accepted.Id.ShouldBe($"{rig.Hub.Epoch}-{through + 1}");
        accepted.Json.GetProperty("id").GetString().ShouldBe(accepted.Id);
        accepted.Json.GetProperty("type").GetString().ShouldBe("connectionAccepted");
        accepted.Json.GetProperty("event").GetProperty("remoteAddress").GetString().ShouldBe("127.0.0.1:40000");
    }

    [Fact]
    public async Task Events_AFault_IsAnEventAndThenItsTransition()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        using var feed = await FeedReader.OpenAsync(rig);
        await feed.ExpectAsync("snapshot");
        rig.Publish(Happened.BindFailed());

        var cause = await feed.ExpectEventAsync("bindFailed");
        var transition = await feed.ExpectAsync("transition");
        transition.Sequence.ShouldBe(cause.Sequence + 1);
        var change = transition.Json.GetProperty("event");
        change.GetProperty("check").GetString().ShouldBe("bind");
        change.GetProperty("to").GetString().ShouldBe("error");
        change.GetProperty("ready").GetBoolean().ShouldBeFalse();
        change.GetProperty("evidence")[0].GetString().ShouldBe(cause.Id);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Events_Resumed_SendsExactlyWhatWasMissedInOrder(bool byHeader)
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        string seen;
        using (var first = await FeedReader.OpenAsync(rig))
        {
            await first.ExpectAsync("snapshot");
            rig.Publish(new TopicCreated("a"));
            seen = (await first.ExpectEventAsync("topicCreated")).Id!;
        }

        for (var i = 0; i < 500; i++)
        {
            rig.Publish(new TopicCreated($"missed {i}"));
        }

        using var second = byHeader
            ? await FeedReader.OpenAsync(rig, "?lastEventId=nonsense", lastEventId: seen)
            : await FeedReader.OpenAsync(rig, "?lastEventId=" + seen);
        (await second.ExpectAsync("snapshot")).Id.ShouldBeNull("a client that is cut off now must resume where it was");
        for (var i = 0; i < 500; i++)
        {
            var missed = await second.ExpectAsync("event");
            missed.Json.GetProperty("event").GetProperty("topic").GetString().ShouldBe($"missed {i}");
        }

        rig.Publish(new TopicCreated("new"));
        (await second.ExpectEventAsync("topicCreated")).Json.GetProperty("event").GetProperty("topic").GetString().ShouldBe("new");
    }

    [Fact]
    public async Task Events_ResumedBeforeTheFirstEvent_SendsAll()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        using var feed = await FeedReader.OpenAsync(rig, lastEventId: $"{rig.Hub.Epoch}-0");

        await feed.ExpectAsync("snapshot");
        (await feed.NextAsync()).ShouldNotBeNull().Sequence.ShouldBe(1);
    }

    [Fact]
    public async Task Events_ResumedAtTheNewest_SendsOnlyWhatIsNew()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        var newest = rig.Hub.LastSequence;
        using var feed = await FeedReader.OpenAsync(rig, lastEventId: $"{rig.Hub.Epoch}-{newest}");
        (await feed.ExpectAsync("snapshot")).Id.ShouldBeNull();
        rig.Publish(new TopicCreated("a"));

        (await feed.ExpectEventAsync("topicCreated")).Sequence.ShouldBe(newest + 1);
    }

    public static TheoryData<string, string> NotResumable => new()
    {
        { "malformed", "nonsense" },
        { "malformed", "-1" },
        { "malformed", "EPOCH--1" },
        { "malformed", "EPOCH-99999999999999999999" },
        { "malformed", new string('9', 10_000) },
        { "otherEpoch", "0000000000000001-5" },
        { "future", "EPOCH-1000000" },
    };

    [Theory]
    [MemberData(nameof(NotResumable))]
    public async Task Events_NotResumable_IsAResetThatSaysWhyAndASnapshot(string reason, string id)
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        using var feed = await FeedReader.OpenAsync(rig, lastEventId: id.Replace("EPOCH", rig.Hub.Epoch.ToString()));

        var reset = await feed.ExpectAsync("reset");
        reset.Id.ShouldBeNull();
        reset.Json.GetProperty("reason").GetString().ShouldBe(reason);
        (await feed.ExpectAsync("snapshot")).Sequence.ShouldBe(rig.Hub.LastSequence);
        rig.Publish(new TopicCreated("a"));
        await feed.ExpectEventAsync("topicCreated");
        (await rig.GetTextAsync("/metrics")).ShouldContain($"cassini_feed_resets_total{{reason=\"{reason}\"}} 1\n");
    }

    [Fact]
    public async Task Events_ResumedAfterTheLogHasMovedOn_IsAResetThatNamesTheGap()
    {
        await using var rig = await ManagementRig.StartReadyAsync(hubOptions: new EventHubOptions { LogCapacity = 16 });
        for (var i = 0; i < 100; i++)
        {
            rig.Publish(new TopicCreated($"{i}"));
        }

        using var feed = await FeedReader.OpenAsync(rig, lastEventId: $"{rig.Hub.Epoch}-3");
        var reset = await feed.ExpectAsync("reset");
        reset.Json.GetProperty("reason").GetString().ShouldBe("tooOld");
        reset.Json.GetProperty("from").GetString().ShouldBe($"{rig.Hub.Epoch}-4");
        reset.Json.GetProperty("to").GetString().ShouldBe($"{rig.Hub.Epoch}-{rig.Hub.LastSequence}");
        (await feed.ExpectAsync("snapshot")).Sequence.ShouldBe(rig.Hub.LastSequence);
    }

    [Theory]
    [InlineData("?types=topic,session")]
    [InlineData("?types=topic&types=session")]
    [InlineData("?types=TOPIC,%20Session")]
    public async Task Events_Filtered_SendsOnlyTheTypesAskedFor(string query)
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        using var feed = await FeedReader.OpenAsync(rig, query);
        await feed.ExpectAsync("snapshot");
        rig.Publish(Happened.BindFailed(), new TopicCreated("a"), Happened.Bound(), new SessionOpened(
            1, "a", "alice", "MQTT 5.0", SessionPresent: false));

        await feed.ExpectEventAsync("topicCreated");
        await feed.ExpectEventAsync("sessionOpened");
    }

    [Theory]
    [InlineData("?types=banana")]
    [InlineData("?types=")]
    [InlineData("?types=health,,session")]
    [InlineData("?types=1")]
    public async Task Events_UnknownType_Is400AndNamesTheTypesThereAre(string query)
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        using var response = await rig.GetAsync("/events" + query);

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))
            .ShouldContain("listener,connection,session,supervision,probing,certificate,topic,load,lifecycle,health");
    }

    [Fact]
    public async Task Events_Quiet_HeartbeatsWithTheLastSequenceExamined()
    {
        await using var rig = await ManagementRig.StartReadyAsync(new ManagementOptions { FeedHeartbeat = TimeSpan.FromMilliseconds(100) });
        using var feed = await FeedReader.OpenAsync(rig, "?types=session");
        await feed.ExpectAsync("snapshot");
        var before = (await feed.ExpectAsync("heartbeat")).Sequence;
        rig.Publish(new TopicCreated("not asked for"));

        FeedItem heartbeat;
        do
        {
            heartbeat = await feed.ExpectAsync("heartbeat");
        }
        while (heartbeat.Sequence == before);

        // A filtered feed that resumes here does not look at the same events again.
        heartbeat.Sequence.ShouldBe(rig.Hub.LastSequence);
    }

    [Fact]
    public async Task Events_TheProjectionsTicksStop_SendsASnapshotThatSaysSoAndNoHeartbeats()
    {
        await using var rig = await ManagementRig.StartReadyAsync(
            new ManagementOptions { FeedHeartbeat = TimeSpan.FromMilliseconds(300) },
            new HealthPolicy
            {
                Tick = TimeSpan.FromMilliseconds(20),
                Window = TimeSpan.FromSeconds(1),
                LiveWindow = TimeSpan.FromMinutes(1),
                Hold = TimeSpan.Zero,
            });
        using var feed = await FeedReader.OpenAsync(rig, "?types=topic");
        await feed.ExpectAsync("snapshot");
        rig.Health.StopTicks();

        FeedItem item;
        do
        {
            item = (await feed.NextAsync("a snapshot of a stale projection")).ShouldNotBeNull();
        }
        while (item.Type == "heartbeat");

        item.Type.ShouldBe("snapshot");
        item.Id.ShouldBeNull();
        item.Json.GetProperty("checks").EnumerateArray().First().GetProperty("reason").GetString().ShouldBe("ProjectionStale");
        (await feed.ExpectAsync("snapshot")).Id.ShouldBeNull("instead of a heartbeat");

        rig.Health.ResumeTicks();
        do
        {
            item = (await feed.NextAsync("a sign of life")).ShouldNotBeNull();
        }
        while (item.Type == "snapshot");

        item.Type.ShouldBe("heartbeat");
    }

    [Fact]
    public async Task Events_Head_AnswersWithoutAFeed()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        using var response = await rig.SendAsync(HttpMethod.Head, "/events");

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("text/event-stream");
        (await rig.GetTextAsync("/metrics")).ShouldContain("cassini_feed_subscribers 0\n");
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("text/event-stream;q=0")]
    public async Task Events_OtherAccept_StillGetsTheFeed(string accept)
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        using var feed = await FeedReader.OpenAsync(rig, accept: accept);

        await feed.ExpectAsync("snapshot");
    }
}
