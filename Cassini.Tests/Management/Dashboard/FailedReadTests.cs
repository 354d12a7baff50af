using Cassini.Management.Http;
using Cassini.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Cassini.Tests.Management.Dashboard;

/// <summary>What the page says when the feed is live and another request fails.</summary>
[Collection(DashboardTests.Name)]
public class FailedReadTests(DashboardBrowser browser)
{
    [Theory]
    [InlineData("/connections", "#connections-failed", 429, "too many requests from your address")]
    [InlineData("/topics/tree", "#topics-failed", 503, "come back later")]
    [InlineData("/certificates", "#certificates-failed", 503, "come back later")]
    [InlineData("/handshakes", "#refusals-failed", 503, "come back later")]
    public async Task Read_Refused_IsShownAtItsTableUntilItSucceeds(string path, string note, int status, string sentence)
    {
        Programs.Require("chromium");
        await using var rig = await ManagementRig.StartReadyAsync();
        await using var front = await Front.StartAsync(rig.Address);
        front.TakeOver(async context =>
        {
            if (context.Request.Path != path)
            {
                return false;
            }

            context.Response.StatusCode = status;
            await context.Response.WriteAsync(sentence + "\n", context.RequestAborted);
            return true;
        });
        var page = await browser.OpenAsync(front.Address);
        await page.ShowsAsync(note, $"Not up to date: {sentence}");
        (await page.TextAsync("#feed")).ShouldBe("live");
        (await page.TextAsync("[id$=-failed]")).Trim().ShouldBe($"Not up to date: {sentence}");

        front.LetPass();
        await page.ShowsAsync("the note is gone", note, shown => shown.Length == 0);
    }

    /// <summary>As on a connection that is half open: the feed lives on another.</summary>
    [Fact]
    public async Task Read_NeverAnswered_EndsAndIsShownAndTriedAgain()
    {
        Programs.Require("chromium");
        await using var rig = await ManagementRig.StartReadyAsync();
        await using var front = await Front.StartAsync(rig.Address);
        front.TakeOver(async context =>
        {
            if (context.Request.Path != "/connections")
            {
                return false;
            }

            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted);
            return true;
        });
        var page = await browser.OpenAsync(front.Address);
        await page.IsLiveAsync();
        await page.ShowsAsync("#connections-failed", "Not up to date: no answer within 10 s");
        (await page.TextAsync("#feed")).ShouldBe("live");

        front.LetPass();
        await page.ShowsAsync("#connections-range", "none");
        await page.ShowsAsync("the note is gone", "#connections-failed", shown => shown.Length == 0);
    }

    /// <summary>The page's own feed is the only one that may be open.</summary>
    [Fact]
    public async Task Past_TooManyFeeds_IsShownAtTheTimeLine()
    {
        Programs.Require("chromium");
        await using var rig = await ManagementRig.StartReadyAsync(new ManagementOptions { MaxFeeds = 1 });
        var page = await browser.OpenAsync(rig.Address);

        await page.ShowsAsync("#timeline-failed", "Not up to date: ");
    }

    /// <summary>The page's own fold, in the page.</summary>
    [Fact]
    public async Task Past_ReadTwice_IsCountedOnce()
    {
        Programs.Require("chromium");
        await using var rig = await ManagementRig.StartReadyAsync();
        var page = await browser.OpenAsync(rig.Address);
        var rate = await page.Browser.RunAsync("""
            return Promise.all([import('/dashboard/model.js'), import('/dashboard/series.js')]).then(([{ Model }, { View }]) => {
              const id = sequence => `0000000000000001-${sequence}`;
              const data = {
                epoch: '0000000000000001', startedAt: '2026-01-01T00:00:00Z', uptimeSeconds: 5, activeListeners: 0,
                log: { oldestId: id(1), newestId: id(50) },
              };
              const model = new Model();
              const snapshot = () => ({ type: 'snapshot', data: { ...data } });
              for (const message of [snapshot(), { type: 'reset', data: {} }, snapshot()]) {
                model.apply(message);
              }

              for (const sequence of [...Array(40).keys(), ...Array(40).keys()]) {
                model.remember({ id: id(sequence + 1), type: 'connectionAccepted', event: {}, elapsed: 3 });
              }

              return model.accepts.rates(new View(5, 600)).at(-1);
            });
            """);

        rate.GetDouble().ShouldBe(4);
    }
}
