using Cassini.Tests.Support;

namespace Cassini.Tests.Docs.Controllers;

/// <summary>The page of docs/use/controllers.md in a real browser.</summary>
public class PageTests
{
    [Fact]
    public async Task Page_InABrowser_BlocksThenShowsWhatHappens()
    {
        Programs.Require("chromium");
        await using var cassini = await RehearsedCassini.NotReadyAsync();
        cassini.Door.Page = Recipe.Named("page");
        await using var browser = await Browser.OpenAsync($"{cassini.Door.Url}/");
        await cassini.Door.AskedAsync(
            "it asks whether the broker is ready", request => request.Path.StartsWith("/readyz?wait=", StringComparison.Ordinal));
        (await browser.TextAsync()).Trim().ShouldBe("waiting");

        await cassini.BecomeReadyAsync();
        await browser.ShowsAsync("it goes on", text => text.Contains("\nready", StringComparison.Ordinal));
        await browser.ShowsAsync("the feed begins", text => !text.StartsWith("waiting", StringComparison.Ordinal));
        await cassini.IsWellAsync();

        await cassini.BreakAsync();
        await browser.ShowsAsync(
            "it shows the change",
            text => text.StartsWith("not ready", StringComparison.Ordinal)
                && text.Contains("bind: ok → error EndpointClosed", StringComparison.Ordinal));

        cassini.Door.ForgedLastEventId = "nonsense";
        cassini.Door.CutFeeds();
        await cassini.Door.AskedAsync("it resumes", request => request is { Path: "/events?types=health", LastEventId: not null });
        await browser.ShowsAsync("it shows the reset", text => text.Contains("events are missing: malformed", StringComparison.Ordinal));

        await cassini.StopAsync();
        await browser.ShowsAsync("it shows the end", text => text.StartsWith("stopped", StringComparison.Ordinal));
    }
}
