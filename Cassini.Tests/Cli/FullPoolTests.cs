using System.Text.Json;
using Cassini.Tests.Support;

namespace Cassini.Tests.Cli;

/// <summary>
/// Work that takes two hundred threads of the pool and never ends: in the real executable, because the pool is the process's.
/// </summary>
public sealed class FullPoolTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Serve_PoolOccupied_ProbesAreAnsweredAndHeartbeatsGoOn()
    {
        await using var cassini = CassiniProcess.Start(
            _directory.Path,
            ["--bind", "127.0.0.1:0", "--management", "127.0.0.1:0", "--set", "Probing:CanaryInterval=200ms"],
            StartupHook.Variables(StartupHook.OccupyPool));
        using var http = new HttpClient { BaseAddress = new Uri(await cassini.ManagementAsync()) };
        using var ready = await http.GetAsync("/readyz?wait=20s", TestContext.Current.CancellationToken);
        ready.IsSuccessStatusCode.ShouldBeTrue();

        cassini.CloseInput();
        await cassini.Out.LineAsync("the pool is occupied", line => line == StartupHook.Occupied);

        (await http.GetStringAsync("/livez", TestContext.Current.CancellationToken)).ShouldBe("ok");
        var before = await SnapshotAsync(http);
        var after = await Eventually.BecomesAsync(
            "heartbeats, accept probes and the canary since then",
            async () => await SnapshotAsync(http),
            snapshot => snapshot.Newest >= before.Newest + 20);
        after.Revision.ShouldBe(before.Revision, "no check changed meanwhile");
        (await http.GetStringAsync("/readyz", TestContext.Current.CancellationToken)).ShouldBe("ok");
        (await http.GetStringAsync("/readyz?verbose", TestContext.Current.CancellationToken)).ShouldContain("[+]manager ok");
    }

    private static async Task<(long Newest, long Revision)> SnapshotAsync(HttpClient http)
    {
        using var body = JsonDocument.Parse(await http.GetStringAsync("/healthz", TestContext.Current.CancellationToken));
        var newest = body.RootElement.GetProperty("log").GetProperty("newestId").GetString()!;
        return (long.Parse(newest.Split('-')[^1]), body.RootElement.GetProperty("revision").GetInt64());
    }
}
