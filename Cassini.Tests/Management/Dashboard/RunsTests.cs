using System.Text.Json;
using Cassini.Tests.Cli;
using Cassini.Tests.Support;

namespace Cassini.Tests.Management.Dashboard;

/// <summary>What the page shows of the runs before this one.</summary>
[Collection(DashboardTests.Name)]
[StartsExecutable]
public sealed class RunsTests(DashboardBrowser browser) : IDisposable
{
    private const int Kill = 9;
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    /// <summary>The page stays open over the restart, as somebody's does who looks at a broker that was killed.</summary>
    [Fact]
    public async Task Page_BrokerKilledAndStartedAgain_ShowsTheKilledRunWithItsTransitions()
    {
        Programs.Require("chromium");
        var port = FreePort.Find();
        string[] serve = ["--bind", "127.0.0.1:0", "--management", $"127.0.0.1:{port}"];
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        DashboardPage page;
        string epoch;
        await using (var killed = CassiniProcess.Start(_directory.Path, serve))
        {
            await killed.ManagementAsync();
            page = await browser.OpenAsync(http.BaseAddress);
            await page.ShowsAsync("#probes", "ready");
            (await page.TextAsync("#runs")).ShouldBeEmpty("there was none before");
            epoch = await page.TextAsync("#epoch");
            await Eventually.BecomesAsync("its transitions are on disk", () => TransitionsAsync(http), hasCanary => hasCanary);
            killed.Signal(Kill);
            await killed.ExitCodeAsync("it is killed");
        }

        await page.ShowsAsync("#feed", "feed lost");
        await using var cassini = CassiniProcess.Start(_directory.Path, serve);
        await page.ShowsAsync($"#runs-list [data-run='{epoch}'] .status", "killed");
        await page.ShowsAsync("#runs-heading", "Earlier runs 1 run before this one, which began ");
        var run = await page.TextAsync($"#runs-list [data-run='{epoch}']");
        run.ShouldContain("ran ");
        run.ShouldContain("nothing ran for ");
        run.ShouldContain("It wrote no end");
        run.ShouldContain(epoch);
        (await page.CountAsync("#runs-lane rect.end")).ShouldBe(1, "where it was killed");
        await page.ShowsAsync("#runs-list summary", "transitions");
        (await page.TextAsync("#runs-list .transitions")).ShouldBeEmpty("they are folded away");

        // With the keyboard, as a screen reader's user opens it.
        (await page.Browser.RunAsync("document.querySelector('#runs-list summary').focus(); return document.activeElement.localName"))
            .GetString().ShouldBe("summary");
        await page.PressAsync("Enter", 13);
        await page.ShowsAsync("#runs-list .transitions", "canary");
        var tree = await page.AccessibilityTreeAsync();
        tree.ShouldContain(node => node.Role == "list" && node.Name == "Earlier runs, the newest first");
        tree.ShouldContain(node => node.Role == "list" && node.Name == "Transitions of this run, the oldest first");
        tree.ShouldContain(node => node.Role == "image" && node.Name.StartsWith("The runs over time", StringComparison.Ordinal));
        await page.Browser.CommandAsync(
            "Emulation.setDeviceMetricsOverride", new { width = 360, height = 780, deviceScaleFactor = 2, mobile = true });
        await Eventually.BecomesAsync(
            "it fits a phone",
            async () => (await page.Browser.RunAsync("return document.documentElement.scrollWidth")).GetInt32(), width => width == 360);
    }

    [Fact]
    public async Task Page_EarlierRuns_SayHowEachEnded()
    {
        Programs.Require("chromium");
        await using var rig = await ManagementRig.StartReadyAsync();
        var page = await browser.OpenAsync(rig.Address);
        await page.IsLiveAsync();
        await page.Browser.RunAsync("""
            window.asked = [];
            const at = day => `2026-01-0${day}T00:00:00Z`;
            const run = (day, end, more) => ({
              epoch: `000000000000000${day}`, cassini: '0.1.0', startedAt: at(day), endedAt: at(day + 1), end, detail: null, ...more,
            });
            const runs = [
              run(1, 'clean'), run(2, 'killed'), run(3, 'power'), run(4, null, { endedAt: null }),
              run(5, 'crashed', { detail: 'InvalidOperationException: <img src=x onerror=alert(1)>' }),
            ];
            window.fetch = async path => {
              asked.push(path);
              return path.startsWith('runs') ? Response.json(runs) : new Response('');
            };
            return import('/dashboard/runs.js').then(async ({ Runs }) => {
              const shown = new Runs({ read: (id, read) => read() });
              shown.begin({ epoch: 'f', log: { history: null } });
              const without = asked.length;
              shown.begin({ epoch: 'f', log: { history: {} } });
              return without;
            });
            """);

        await page.HasAsync("all are listed", "#runs-list > li", 5);
        (await page.TextAsync("#runs-list > li > .status")).ShouldBe("crashed\nunknown\npower\nkilled\nclean");
        (await page.TextAsync("#runs-list")).ShouldContain("<img src=x onerror=alert(1)>");
        (await page.TextAsync("#runs-list > li:nth-child(2)")).ShouldContain("How it ended is not known.");
        (await page.TextAsync("#runs-list > li:nth-child(3)")).ShouldContain("the machine has started since");
    }

    [Fact]
    public async Task Page_NoHistory_ShowsNothingOfItAndAsksForNothing()
    {
        Programs.Require("chromium");
        await using var rig = await ManagementRig.StartReadyAsync();
        await using var front = await Front.StartAsync(rig.Address);
        var asked = 0;
        front.TakeOver(context =>
        {
            asked += context.Request.Path.Value is "/runs" ? 1 : 0;
            return Task.FromResult(false);
        });
        var page = await browser.OpenAsync(front.Address);
        await page.ShowsAsync("#certificates", "server");

        (await page.TextAsync("#runs")).ShouldBeEmpty();
        asked.ShouldBe(0);
        await page.HasNoErrorsAsync();
    }

    /// <summary>Whether a transition of the canary is on disk: it is the last of a start.</summary>
    private static async ValueTask<bool> TransitionsAsync(HttpClient http)
    {
        var written = JsonDocument.Parse(await http.GetStringAsync("/runs", TestContext.Current.CancellationToken)).RootElement
            .EnumerateArray().Select(run => run.GetProperty("lastId").GetString()).LastOrDefault();
        var lines = await http.GetStringAsync("/events?types=health&since=2000-01-01", TestContext.Current.CancellationToken);
        return lines.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonDocument.Parse(line).RootElement)
            .Where(line => line.GetRawText().Contains("\"canary\"", StringComparison.Ordinal))
            .Any(line => written is not null && Number(line.GetProperty("id").GetString()!) <= Number(written));
    }

    private static long Number(string id) => long.Parse(id.Split('-')[1]);
}
