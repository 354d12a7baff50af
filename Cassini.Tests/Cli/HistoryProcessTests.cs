using System.Text.Json;
using Cassini.Harness;
using Cassini.Tests.Management;
using Cassini.Tests.Support;

namespace Cassini.Tests.Cli;

/// <summary>The history of the real executable that is killed.</summary>
[StartsExecutable]
public sealed class HistoryProcessTests : IDisposable
{
    private const int Kill = 9;
    private static readonly string[] FreePorts = ["--bind", "127.0.0.1:0", "--management", "127.0.0.1:0"];
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Serve_Killed_TheNextRunAnswersWhatWasMissedAndSaysThatItWas()
    {
        string first;
        string epoch;
        await using (var killed = CassiniProcess.Start(_directory.Path, FreePorts))
        {
            using var http = new HttpClient { BaseAddress = new Uri(await killed.ManagementAsync()) };
            using var feed = await FeedReader.OpenAsync(http);
            first = (await feed.ExpectAsync("snapshot")).Id.ShouldNotBeNull();
            epoch = first.Split('-')[0];
            await Eventually.BecomesAsync("a later event is on disk", () => WrittenAsync(http), written => written > Number(first) + 1);
            killed.Signal(Kill);
            await killed.ExitCodeAsync("it is killed");
        }

        await using var cassini = CassiniProcess.Start(_directory.Path, FreePorts);
        using var client = new HttpClient { BaseAddress = new Uri(await cassini.ManagementAsync()) };
        using var resumed = await FeedReader.OpenAsync(client, lastEventId: first);
        (await resumed.ExpectAsync("snapshot")).Id.ShouldBeNull("it is resumed");
        var next = Number(first) + 1;
        var item = await MessageAsync(resumed);
        for (; item.Type != "run"; item = await MessageAsync(resumed))
        {
            item.Id.ShouldBe($"{epoch}-{next++}");
        }

        next.ShouldBeGreaterThan(Number(first) + 2);
        item.Json.GetProperty("end").GetString().ShouldBe("killed");
        item.Json.GetProperty("isComplete").GetBoolean().ShouldBeFalse("its last second may be missing");
        var now = item.Id!.Split('-')[0];
        for (var sequence = 1; sequence <= 5; sequence++)
        {
            (await MessageAsync(resumed)).Id.ShouldBe($"{now}-{sequence}");
        }

        cassini.Error.ToString().ShouldContain($"The run before this one, {epoch}, did not end by itself: killed");
        cassini.Signal(ChildProcess.Terminate);
        (await cassini.ExitCodeAsync("it stops")).ShouldBe(ExitCode.Ok);
    }

    [Fact]
    public async Task Serve_TwoInOneDirectory_TheSecondServesWithoutAHistory()
    {
        await using var first = CassiniProcess.Start(_directory.Path, FreePorts);
        await first.ManagementAsync();
        await using var second = CassiniProcess.Start(_directory.Path, [.. FreePorts, "--set", "Store:Level=Memory"]);
        using var http = new HttpClient { BaseAddress = new Uri(await second.ManagementAsync()) };

        var problem = await Eventually.BecomesAsync(
            "it says why", () => ProblemAsync(http), problem => problem is not null);
        problem.ShouldNotBeNull().ShouldEndWith("is written by another process");
    }

    private static async Task<FeedItem> MessageAsync(FeedReader feed)
    {
        FeedItem item;
        do
        {
            item = (await feed.NextAsync()).ShouldNotBeNull();
        }
        while (item.Type == "heartbeat");

        return item;
    }

    private static async ValueTask<long> WrittenAsync(HttpClient http)
    {
        var runs = JsonDocument.Parse(await http.GetStringAsync("/runs", TestContext.Current.CancellationToken)).RootElement;
        return runs.EnumerateArray().Select(run => run.GetProperty("lastId").GetString()).LastOrDefault() is { } last ? Number(last) : 0;
    }

    private static async ValueTask<string?> ProblemAsync(HttpClient http)
    {
        using var response = await http.GetAsync("/healthz", TestContext.Current.CancellationToken);
        var body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return JsonDocument.Parse(body).RootElement.GetProperty("log").GetProperty("history")
            .GetProperty("problem").GetString();
    }

    private static long Number(string id) => long.Parse(id.Split('-')[1]);
}
