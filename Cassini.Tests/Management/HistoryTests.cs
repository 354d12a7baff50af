using System.Net;
using System.Text.Json;
using Cassini.Streams.Events;
using Cassini.Streams.Events.Hub;
using Cassini.Streams.Store.History;
using Cassini.Tests.Management.Access;
using Cassini.Tests.Support;

namespace Cassini.Tests.Management;

/// <summary>What the management answers from disk: hosts that run one after the other on one directory.</summary>
public sealed class HistoryTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    private HistoryOptions Kept => new() { Directory = _directory.File("store") };

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Feed_ResumedOverARestart_SendsWhatWasMissedThenTheRunsEndThenThisRun()
    {
        string seen;
        Epoch before;
        await using (var first = await StartAsync())
        {
            before = first.Hub.Epoch;
            using var feed = await FeedReader.OpenAsync(first);
            await feed.ExpectAsync("snapshot");
            first.Publish(new TopicCreated("seen"));
            seen = (await feed.ExpectEventAsync("topicCreated")).Id!;
            first.Publish(new TopicCreated("missed"), new TopicRemoved("missed"));
        }

        await using var second = await StartAsync();
        second.Publish(new TopicCreated("now"));
        using var resumed = await FeedReader.OpenAsync(second, lastEventId: seen);

        (await resumed.ExpectAsync("snapshot")).Id.ShouldBeNull();
        var missed = await resumed.ExpectEventAsync("topicCreated");
        missed.Json.GetProperty("event").GetProperty("topic").GetString().ShouldBe("missed");
        missed.Id.ShouldStartWith($"{before}-");
        await resumed.ExpectEventAsync("topicRemoved");
        var run = await resumed.ExpectAsync("run");
        run.Id.ShouldBe($"{second.Hub.Epoch}-0");
        run.Json.GetProperty("epoch").GetString().ShouldBe(before.ToString());
        run.Json.GetProperty("end").GetString().ShouldBe("clean");
        run.Json.GetProperty("isComplete").GetBoolean().ShouldBeTrue();

        for (var sequence = 1; sequence <= second.Hub.LastSequence; sequence++)
        {
            (await resumed.NextAsync()).ShouldNotBeNull().Id.ShouldBe($"{second.Hub.Epoch}-{sequence}");
        }

        second.Publish(new TopicCreated("later"));
        await resumed.ExpectEventAsync("topicCreated");
    }

    [Fact]
    public async Task Feed_ResumedFarBack_ReadsFromDiskWhatTheLogHasNoLonger()
    {
        await using var rig = await StartAsync(new EventHubOptions { LogCapacity = 16 });
        await WrittenAsync(rig);
        for (var i = 0; i < 100; i++)
        {
            rig.Publish(new TopicCreated($"{i}"));
            await WrittenUnlessFitsAsync(rig, i);
        }

        await WrittenAsync(rig);
        using var feed = await FeedReader.OpenAsync(rig, lastEventId: $"{rig.Hub.Epoch}-1");
        await feed.ExpectAsync("snapshot");
        for (var sequence = 2; sequence <= rig.Hub.LastSequence; sequence++)
        {
            (await feed.NextAsync()).ShouldNotBeNull().Id.ShouldBe($"{rig.Hub.Epoch}-{sequence}");
        }
    }

    [Theory]
    [InlineData("0000000000000001-1", "otherEpoch")]
    [InlineData("future", "future")]
    public async Task Feed_NotInTheHistory_IsResetExplicitly(string lastEventId, string reason)
    {
        Epoch before;
        await using (var first = await StartAsync())
        {
            before = first.Hub.Epoch;
        }

        await using var second = await StartAsync();
        using var feed = await FeedReader.OpenAsync(second, lastEventId: lastEventId == "future" ? $"{before}-1000" : lastEventId);

        (await feed.ExpectAsync("reset")).Json.GetProperty("reason").GetString().ShouldBe(reason);
        (await feed.ExpectAsync("snapshot")).Id.ShouldNotBeNull();
    }

    [Fact]
    public async Task Feed_ResumedWithAFilter_SendsOnlyThose()
    {
        string seen;
        await using (var first = await StartAsync())
        {
            seen = $"{first.Hub.Epoch}-0";
            first.Publish(new TopicCreated("a"));
        }

        await using var second = await StartAsync();
        second.Publish(new TopicRemoved("b"));
        using var feed = await FeedReader.OpenAsync(second, "?types=topic", lastEventId: seen);

        await feed.ExpectAsync("snapshot");
        await feed.ExpectEventAsync("topicCreated");
        await feed.ExpectAsync("run");
        await feed.ExpectEventAsync("topicRemoved");
    }

    [Fact]
    public async Task Events_SinceAndUntil_AreThoseOfThatTimeAcrossRuns()
    {
        await using (var first = await StartAsync())
        {
            first.Publish(new TopicCreated("first"));
        }

        await using var second = await StartAsync();
        second.Publish(new TopicCreated("second"));

        var all = await PastAsync(second, "?since=2000-01-01");
        all.Select(line => line.GetProperty("id").GetString()!.Split('-')[0]).Distinct().Count().ShouldBe(2);
        all[^1].GetProperty("event").GetProperty("topic").GetString().ShouldBe("second", "also what is not on disk yet");
        all.Count(line => line.GetProperty("type").GetString() == "topicCreated").ShouldBe(2);
        all.Select(line => line.GetProperty("id").GetString()).ShouldBeUnique();

        (await PastAsync(second, "?until=2000-01-01T00:00:00Z")).ShouldBeEmpty();
        (await PastAsync(second, "?since=2999-01-01")).ShouldBeEmpty();
        (await PastAsync(second, "?since=2000-01-01&types=topic")).Count.ShouldBe(2);
        (await PastAsync(second, "?since=2000-01-01&types=topic&limit=1")).ShouldHaveSingleItem()
            .GetProperty("event").GetProperty("topic").GetString().ShouldBe("first");
        (await PastAsync(second, "", "application/x-ndjson")).Count.ShouldBeGreaterThanOrEqualTo(all.Count);

        var until = all[^1].GetProperty("time").GetString();
        (await PastAsync(second, $"?since=2000-01-01&until={until}&types=topic")).ShouldHaveSingleItem("until is exclusive");
    }

    [Theory]
    [InlineData("?since=yesterday")]
    [InlineData("?since=2026-01-01&since=2026-01-02")]
    [InlineData("?until=12")]
    [InlineData("?since=2026-01-01&limit=0")]
    [InlineData("?record=yes")]
    [InlineData("?record=true&types=health")]
    [InlineData("?record=true&limit=5")]
    [InlineData("?since=2026-01-01&types=nonsense")]
    public async Task Events_MalformedTime_Is400(string query)
    {
        await using var rig = await StartAsync();
        using var response = await rig.GetAsync("/events" + query);

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
    }

    [Theory]
    [InlineData("/events?since=2026-01-01")]
    [InlineData("/runs")]
    public async Task Events_NothingIsKept_Is404(string path)
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        using var response = await rig.GetAsync(path);

        response.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldStartWith("no history is kept");
    }

    [Fact]
    public async Task Events_WhereCredentialsAreNeeded_NeedThem()
    {
        await using var rig = await ClosedRig.StartAsync(_directory.File("tokens"), history: Kept);
        using var refused = await rig.GetAsync("/events?since=2026-01-01");
        refused.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);

        using var served = await rig.SendAsync(HttpMethod.Get, "/events?since=2026-01-01", null, ClosedRig.Authorization);
        served.StatusCode.ShouldBe(HttpStatusCode.OK);
        served.Content.Headers.ContentType!.MediaType.ShouldBe("application/x-ndjson");
    }

    [Fact]
    public async Task Runs_WhereCredentialsAreNeeded_NeedThem()
    {
        await using var rig = await ClosedRig.StartAsync(_directory.File("tokens"), history: Kept);
        using var refused = await rig.GetAsync("/runs");
        refused.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);

        using var served = await rig.SendAsync(HttpMethod.Get, "/runs", null, ClosedRig.Authorization);
        served.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Events_AllFeedsAreOpen_TheyCountAsOne()
    {
        await using var rig = await ManagementRig.StartReadyAsync(new() { MaxFeeds = 1 }, history: Kept);
        using var feed = await FeedReader.OpenAsync(rig);
        await feed.ExpectAsync("snapshot");
        using var response = await rig.GetAsync("/events?since=2026-01-01");

        response.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
    }

    [Fact]
    public async Task Runs_EarlierOnes_SayHowTheyEnded()
    {
        await using (var first = await StartAsync())
        {
            await WrittenAsync(first);
        }

        await using var second = await StartAsync();
        await WrittenAsync(second);
        var runs = JsonDocument.Parse(await second.GetTextAsync("/runs")).RootElement;

        runs.GetArrayLength().ShouldBe(2);
        runs[0].GetProperty("end").GetString().ShouldBe("clean");
        runs[1].GetProperty("end").ValueKind.ShouldBe(JsonValueKind.Null);
        runs[1].GetProperty("epoch").GetString().ShouldBe(second.Hub.Epoch.ToString());

        var newest = JsonDocument.Parse(await second.GetTextAsync("/runs?limit=1")).RootElement;
        newest.GetArrayLength().ShouldBe(1);
        newest[0].GetProperty("epoch").GetString().ShouldBe(second.Hub.Epoch.ToString());
    }

    [Fact]
    public async Task Healthz_DeclaresWhatIsKeptAndForHowLong()
    {
        await using var rig = await StartAsync();
        await WrittenAsync(rig);
        rig.Hub.Tick();
        var history = JsonDocument.Parse(await rig.GetTextAsync("/healthz")).RootElement.GetProperty("log").GetProperty("history");

        history.GetProperty("oldestId").GetString().ShouldBe($"{rig.Hub.Epoch}-1");
        history.GetProperty("maxAgeSeconds").GetDouble().ShouldBe(7 * 86_400);
        history.GetProperty("maxBytes").GetInt64().ShouldBe(536_870_912);
        history.GetProperty("bytes").GetInt64().ShouldBeGreaterThan(0);
        history.GetProperty("problem").ValueKind.ShouldBe(JsonValueKind.Null);
        (await rig.GetTextAsync("/metrics")).ShouldContain("cassini_history_written 1\n");
    }

    [Fact]
    public async Task Healthz_HistoryCannotBeWritten_SaysWhyAndAllElseWorks()
    {
        var file = _directory.Write("store", "a file where the directory should be");
        await using var rig = await StartAsync();
        await Eventually.HoldsAsync("it failed", () => rig.History!.Status.Problem is not null);
        rig.Hub.Tick();

        using var healthz = await rig.GetAsync("/healthz");
        healthz.StatusCode.ShouldBe(HttpStatusCode.OK);
        var health = JsonDocument.Parse(await healthz.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement;
        health.GetProperty("log").GetProperty("history").GetProperty("problem").GetString().ShouldNotBeNull().ShouldContain(file);
        health.GetProperty("status").GetString().ShouldBe("ok");
        (await rig.GetTextAsync("/metrics")).ShouldContain("cassini_history_written 0\n");
        using var past = await rig.GetAsync("/events?since=2026-01-01");
        past.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        using var runs = await rig.GetAsync("/runs");
        runs.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable, "no runs and no answer are not the same");
    }

    private Task<ManagementRig> StartAsync(EventHubOptions? hub = null) =>
        ManagementRig.StartReadyAsync(hubOptions: hub, history: Kept);

    private static async Task WrittenAsync(ManagementRig rig)
    {
        var last = rig.Hub.LastSequence;
        await Eventually.BecomesAsync($"event {last} is on disk", () => rig.History!.Status, status => status.Written >= last);
    }

    /// <summary>A log as small as this one would have a gap otherwise.</summary>
    private static Task WrittenUnlessFitsAsync(ManagementRig rig, int published) =>
        published % 10 == 9 ? WrittenAsync(rig) : Task.CompletedTask;

    private static async Task<IReadOnlyList<JsonElement>> PastAsync(ManagementRig rig, string query, string? accept = null)
    {
        using var response = await rig.GetAsync("/events" + query, accept);
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("application/x-ndjson");
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];
    }
}
