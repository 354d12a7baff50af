using Cassini.Streams.Events;
using Cassini.Streams.Events.Hub;
using Cassini.Streams.Store.History;
using Cassini.Tests.Health;
using Cassini.Tests.Support;

namespace Cassini.Tests.Management.Dashboard;

/// <summary>The time that the curves and lanes show, and the values at one instant of it.</summary>
[Collection(DashboardTests.Name)]
public sealed class RangeTests(DashboardBrowser browser) : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Instant_WithTheKeyboard_ShowsTheValuesAndStatusesThenInEveryTile()
    {
        Programs.Require("chromium");
        await using var rig = await ManagementRig.StartReadyAsync();
        rig.Publish(Happened.BindFailed(), new LoadSampled(7, 2, 0, 0));
        var page = await browser.OpenAsync(rig.Address);
        await page.ShowsAsync("[data-tile=backlog] .value", "7");
        await page.ShowsAsync("#checks [data-check=bind]", "BindFailed");
        (await page.TextAsync("#instant-said")).ShouldBe("now");
        (await page.CountAsync("[data-tile] .at[d^=M]")).ShouldBe(0);

        // Ten seconds ago, and then a minute: the broker did not run yet.
        await page.Browser.RunAsync("document.querySelector('#instant').focus()");
        await page.PressAsync("ArrowLeft", 37);
        await page.ShowsAsync("a time", "#instant-said", text => text.Contains(':', StringComparison.Ordinal));
        await page.HasAsync("a line in each tile", "[data-tile] .at[d^=M]", 8);
        for (var step = 0; step < 5; step++)
        {
            await page.PressAsync("ArrowLeft", 37);
        }

        await page.ShowsAsync("nothing was known then", "[data-tile=backlog] .value", text => text == "–");
        (await SpokenAsync(page)).ShouldContain("Backlog –");

        await page.PressAsync("End", 35);
        await page.ShowsAsync("#instant-said", "now");
        await page.ShowsAsync("[data-tile=backlog] .value", "7");
        (await SpokenAsync(page)).ShouldBe("now");
        (await page.AccessibilityTreeAsync()).ShouldContain(
            node => node.Role == "slider" && node.Name == "The instant whose values are shown");
        await page.HasNoErrorsAsync();
    }

    [Fact]
    public async Task Instant_UnderThePointer_ShowsTheStatusAndReasonThen()
    {
        Programs.Require("chromium");
        await using var rig = await ManagementRig.StartReadyAsync();
        rig.Publish(Happened.BindFailed());
        var page = await browser.OpenAsync(rig.Address);
        await page.ShowsAsync("#transitions", "BindFailed");

        await PointAsync(page, "[data-lane=bind]", 0.9999, "mouseMoved");
        await page.ShowsAsync("#lanes-said", "bind error, BindFailed");
        (await page.TextAsync("#lanes-said")).ShouldContain("the others ok");
        (await page.CountAsync("#lanes-at:not([hidden])")).ShouldBe(1);
        (await page.CountAsync("[data-tile] .at[d^=M]")).ShouldBe(8, "the same instant in the tiles");

        // Away again, and then a click that holds the instant.
        await page.Browser.CommandAsync("Input.dispatchMouseEvent", new { type = "mouseMoved", x = 1, y = 1 });
        await page.ShowsAsync("the present", "#instant-said", text => text == "now");
        await PointAsync(page, "[data-tile=backlog] .spark", 0.5, "mouseMoved");
        await page.ShowsAsync("a time", "#instant-said", text => text.Contains(':', StringComparison.Ordinal));
        await PointAsync(page, "[data-tile=backlog] .spark", 0.5, "mousePressed");
        await PointAsync(page, "[data-tile=backlog] .spark", 0.5, "mouseReleased");
        await page.Browser.CommandAsync("Input.dispatchMouseEvent", new { type = "mouseMoved", x = 1, y = 1 });
        await page.ShowsAsync("#instant-now", "Now");
        (await page.TextAsync("#instant-said")).ShouldContain(":");
        await page.Browser.RunAsync("document.querySelector('#instant-now').click()");
        await page.ShowsAsync("the present once more", "#instant-said", text => text == "now");
        await page.HasNoErrorsAsync();
    }

    [Fact]
    public async Task Instant_Tapped_IsHeld()
    {
        Programs.Require("chromium");
        await using var rig = await ManagementRig.StartReadyAsync();
        var page = await browser.OpenAsync(rig.Address);
        await page.IsLiveAsync();
        await page.HasAsync("the tiles", "[data-tile] .spark", 8);
        var (x, y) = await PlaceAsync(page, "[data-tile=memory] .spark", 0.5);

        // What a browser makes of a tap.
        await page.Browser.RunAsync(
            """
            const [clientX, clientY] = arguments;
            for (const type of ['pointermove', 'pointerleave', 'click']) {
              document.elementFromPoint(clientX, clientY).dispatchEvent(
                new PointerEvent(type, { pointerType: 'touch', clientX, clientY, bubbles: type !== 'pointerleave' }));
            }
            """,
            x, y);

        await page.ShowsAsync("#instant-now", "Now");
        await page.HasAsync("a line in each tile", "[data-tile] .at[d^=M]", 8);
    }

    /// <summary>What the log in memory has no more, and the history has.</summary>
    [Fact]
    public async Task Range_AllOfThisRun_IsReadFromTheHistory()
    {
        Programs.Require("chromium");
        await using var rig = await ManagementRig.StartReadyAsync(
            hubOptions: new EventHubOptions { LogCapacity = 16 }, history: new HistoryOptions { Directory = _directory.Path });
        rig.Publish(new LoadSampled(12_300, 2, 0, 0));

        await Eventually.HoldsAsync("it is on disk", () => rig.History!.Status.Written >= rig.Hub.LastSequence);
        rig.Publish([.. Enumerable.Range(0, 200).Select(_ => Happened.Heartbeat())]);
        var page = await browser.OpenAsync(rig.Address);
        await page.IsLiveAsync();
        (await page.TextAsync("[data-tile=backlog] .peak")).ShouldBe("peak 0");

        await page.Browser.RunAsync(
            "const range = document.querySelector('#range'); range.value = 'run'; range.dispatchEvent(new Event('change'))");

        await page.ShowsAsync("[data-tile=backlog] .peak", "peak 12.3K");
        (await page.TextAsync("#range-failed")).ShouldBeEmpty();
        await page.HasNoErrorsAsync();
    }

    /// <summary>However long the run, and however long the page is open.</summary>
    [Fact]
    public async Task Samples_OfDays_KeepToTheirBounds()
    {
        Programs.Require("chromium");
        await using var rig = await ManagementRig.StartReadyAsync();
        var page = await browser.OpenAsync(rig.Address);
        var found = (await page.Browser.RunAsync("""
            return import('/dashboard/series.js').then(({ Samples, Happenings, View }) => {
              const [load, levels, accepts] = [new Samples(), new Samples(), new Happenings()];
              let sequence = 1_000_000;
              for (let at = 0; at < 86_400; at += 5) {
                load.add(++sequence, at, { sent: 10 * at, backlog: at });
                accepts.add(at);
              }

              for (let at = 0; at < 20_000; at += 0.1) {
                levels.level(++sequence, at, { connections: 7 });
              }

              for (let place = 0; place < 2_000; place++) {
                load.fill(place, place, { sent: 10 * place, backlog: 5 });
              }

              const view = new View(86_400, 6 * 3_600);
              const all = new View(86_400, 86_400);
              return [
                load.size, levels.size, accepts.size, load.levels(view, 'backlog').at(0), Math.round(load.rates(view, 'sent').at(30)),
                load.levels(all, 'backlog').at(0), Math.round(load.rates(all, 'sent').at(30)),
                levels.levels(new View(20_000, 600), 'connections').at(-1),
              ].join();
            });
            """)).GetString()!.Split(',');

        int.Parse(found[0], null).ShouldBeLessThan(5_000);
        int.Parse(found[1], null).ShouldBeLessThan(5_000);
        int.Parse(found[2], null).ShouldBeLessThan(5_000);
        found[3..].ShouldBe(["65160", "10", "5", "10", "7"]);
    }

    private static async Task<string> SpokenAsync(DashboardPage page) =>
        (await page.Browser.RunAsync("return document.querySelector('#instant').getAttribute('aria-valuetext')")).GetString()!;

    private static async Task<(double X, double Y)> PlaceAsync(DashboardPage page, string selector, double share)
    {
        var place = await page.Browser.RunAsync(
            """
            const element = document.querySelector(arguments[0]);
            element.scrollIntoView({ block: 'center', behavior: 'instant' });
            const box = element.getBoundingClientRect();
            return [box.left + box.width * arguments[1], box.top + box.height / 2];
            """,
            selector, share);
        return (place[0].GetDouble(), place[1].GetDouble());
    }

    private static async Task PointAsync(DashboardPage page, string selector, double share, string type)
    {
        var (x, y) = await PlaceAsync(page, selector, share);
        await page.Browser.CommandAsync(
            "Input.dispatchMouseEvent", new { type, x, y, button = type == "mouseMoved" ? "none" : "left", clickCount = 1 });
    }
}
