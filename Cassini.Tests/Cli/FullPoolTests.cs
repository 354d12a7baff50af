using System.Globalization;
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
        await Eventually.BecomesAsync(
            "heartbeats, accept probes and the canary since then",
            async () => await SnapshotAsync(http),
            snapshot => snapshot.Newest >= before.Newest + 20 && snapshot is { Manager: "ok", Accept: "ok" });
    }

    private static async Task<(long Newest, string? Manager, string? Accept)> SnapshotAsync(HttpClient http)
    {
        using var response = await http.GetAsync("/healthz", TestContext.Current.CancellationToken);
        using var body = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        var newest = body.RootElement.GetProperty("log").GetProperty("newestId").GetString()!;
        return (long.Parse(newest.Split('-')[^1], CultureInfo.InvariantCulture), StatusOf(body, "manager"), StatusOf(body, "accept"));
    }

    private static string? StatusOf(JsonDocument body, string check) =>
        body.RootElement.GetProperty("checks").EnumerateArray()
            .First(found => found.GetProperty("name").GetString() == check).GetProperty("status").GetString();
}
