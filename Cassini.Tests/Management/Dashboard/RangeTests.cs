using Cassini.Streams.Events;
using Cassini.Streams.Events.Hub;
using Cassini.Streams.Store.History;
using Cassini.Tests.Health;
using Cassini.Tests.Supervision;
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
        var time = new ManualTimeProvider();
        await using var rig = await ManagementRig.StartReadyAsync(parts: new BrokerParts { HubTime = time });
        var page = await OpenAfterAFaultAsync(rig, time);
        (await page.TextAsync("#instant-said")).ShouldBe("now");
        (await page.CountAsync("[data-tile] .at[d^=M]")).ShouldBe(0);

        // Into the fault, at 65 s of the run.
        await page.Browser.RunAsync("document.querySelector('#instant').focus()");
        await PressLeftAsync(page, 3);
        await page.ShowsAsync("the value then", "[data-tile=backlog] .value", text => text == "7");
        (await page.TextAsync("#instant-said")).ShouldContain(":");
        await page.HasAsync("a line in each tile", "[data-tile] .at[d^=M]", 8);
        (await page.TextAsync("#lanes-said")).ShouldContain("bind error, BindFailed");
        var spoken = await SpokenAsync(page);
        spoken.ShouldContain("Backlog 7");
        spoken.ShouldContain("bind error, BindFailed");

        // Before it, at 35 s: there was no sample yet.
        await PressLeftAsync(page, 3);
        await page.ShowsAsync("nothing was known then", "[data-tile=backlog] .value", text => text == "–");
        (await page.TextAsync("#lanes-said")).ShouldNotContain("bind error");
        (await SpokenAsync(page)).ShouldContain("Backlog –");

        await page.PressAsync("End", 35);
        await page.ShowsAsync("#instant-said", "now");
        await page.ShowsAsync("the present value", "[data-tile=backlog] .value", text => text == "9");
        (await SpokenAsync(page)).ShouldBe("now");
        (await page.AccessibilityTreeAsync()).ShouldContain(
            node => node.Role == "slider" && node.Name == "The instant whose values are shown");
        await page.HasNoErrorsAsync();
    }

    [Fact]
    public async Task Instant_UnderThePointer_ShowsTheStatusAndReasonThen()
    {
        Programs.Require("chromium");
        var time = new ManualTimeProvider();
        await using var rig = await ManagementRig.StartReadyAsync(parts: new BrokerParts { HubTime = time });
        var page = await OpenAfterAFaultAsync(rig, time);

        // The lanes show 300 s, of which the run has the last hundred: this is 65 s of the run.
        await PointAsync(page, "[data-lane=bind]", 265.0 / 300, "mouseMoved");
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

    /// <summary>The mouse rests on a curve, and the keyboard moves the slider: what was chosen last counts.</summary>
    [Fact]
    public async Task Instant_WithTheKeyboardWhileThePointerRests_IsThatOfTheSlider()
    {
        Programs.Require("chromium");
        var time = new ManualTimeProvider();
        await using var rig = await ManagementRig.StartReadyAsync(parts: new BrokerParts { HubTime = time });
        var page = await OpenAfterAFaultAsync(rig, time);
        await PointAsync(page, "[data-tile=backlog] .spark", 0.9, "mouseMoved");
        await page.ShowsAsync("nothing was known then", "[data-tile=backlog] .value", text => text == "–");

        await page.Browser.RunAsync("document.querySelector('#instant').focus()");
        await page.PressAsync("ArrowRight", 39);
        await page.PressAsync("ArrowRight", 39);
        await page.PressAsync("ArrowRight", 39);
        await page.ShowsAsync("the value at the slider's instant", "[data-tile=backlog] .value", text => text == "7");

        await PointAsync(page, "[data-tile=backlog] .spark", 0.8, "mouseMoved");
        await page.ShowsAsync("that of the pointer again", "[data-tile=backlog] .value", text => text == "–");
        await page.HasNoErrorsAsync();
    }

    [Fact]
    public async Task Instant_OfTheRunBefore_IsLetGo()
    {
        Programs.Require("chromium");
        var first = await ManagementRig.StartReadyAsync();
        DashboardPage page;
        await using (first)
        {
            page = await browser.OpenAsync(first.Address);
            await page.IsLiveAsync();
            await page.StandAtAsync(100);
            await HoldAsync(page);
            await first.StopAsync();
            await page.ShowsAsync("#lost-text", "The broker was stopped.");
        }

        await using var second = await ManagementRig.StartAsync(port: first.Address.Port);
        second.BecomeReady();
        await page.ShowsAsync("#epoch", second.Hub.Epoch.ToString());
        await page.ShowsAsync("the present", "#instant-said", text => text == "now");
        (await page.TextAsync("#instant-now")).ShouldBeEmpty();
    }

    /// <summary>The clock of the page follows that of the broker, also back.</summary>
    [Fact]
    public async Task Instant_ThatIsNotYet_IsLetGo()
    {
        Programs.Require("chromium");
        await using var rig = await ManagementRig.StartReadyAsync();
        var page = await browser.OpenAsync(rig.Address);
        await page.IsLiveAsync();
        await page.StandAtAsync(100);
        await HoldAsync(page);

        await page.StandAtAsync(50);
        await page.ShowsAsync("the present", "#instant-said", text => text == "now");
        (await page.TextAsync("#instant-now")).ShouldBeEmpty();
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

        await page.StandAtAsync(3_600);
        await page.NoteRequestsAsync();
        await page.Browser.RunAsync(
            "const range = document.querySelector('#range'); range.value = 'run'; range.dispatchEvent(new Event('change'))");

        await page.ShowsAsync("[data-tile=backlog] .peak", "peak 12.3K");
        (await page.TextAsync("#range-failed")).ShouldBeEmpty();

        // An instant is only drawn, although the run has become longer meanwhile.
        await page.StandAtAsync(3_610);
        foreach (var share in new[] { 0.2, 0.4, 0.6 })
        {
            var before = await page.TextAsync("#instant-said");
            await PointAsync(page, "[data-tile=backlog] .spark", share, "mouseMoved");
            await page.ShowsAsync("another instant", "#instant-said", text => text != before);
        }

        (await page.RequestsAsync("GET events?types=health&since=")).Length.ShouldBe(1, "the history is read once");
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
                accepts.rates(all).at(0), accepts.rates(all).at(-1).toFixed(1),
              ].join();
            });
            """)).GetString()!.Split(',');

        int.Parse(found[0], null).ShouldBeLessThan(5_000);
        int.Parse(found[1], null).ShouldBeLessThan(5_000);
        int.Parse(found[2], null).ShouldBeLessThan(5_000);
        found[3..].ShouldBe(["65160", "10", "5", "10", "7", "", "0.2"], "what was forgotten is not known, and not zero");
    }

    /// <summary>
    /// The page at 100 s of the run, where it stays. From 50 s on nothing was bound and the backlog was 7; since 80 s all is well and it
    /// is 9.
    /// </summary>
    private async Task<DashboardPage> OpenAfterAFaultAsync(ManagementRig rig, ManualTimeProvider time)
    {
        time.Advance(TimeSpan.FromSeconds(50));
        rig.Publish(Happened.BindFailed(), new LoadSampled(7, 2, 0, 0));
        time.Advance(TimeSpan.FromSeconds(30));
        rig.Publish(Happened.Bound(), new LoadSampled(9, 2, 0, 0));
        time.Advance(TimeSpan.FromSeconds(20));
        await Eventually.HoldsAsync("health is of this time", () => !rig.Health.Current.IsStale);
        var page = await browser.OpenAsync(rig.Address);
        await page.IsLiveAsync();
        await page.StandAtAsync(100);
        await page.ShowsAsync("#transitions", "BindFailed");
        await page.ShowsAsync("the present value", "[data-tile=backlog] .value", text => text == "9");
        (await page.TextAsync("#checks [data-check=bind]")).ShouldNotContain("BindFailed");
        return page;
    }

    /// <summary>Holds the instant of 85 s, while the page stands at 100 s.</summary>
    private static async Task HoldAsync(DashboardPage page)
    {
        await page.Browser.RunAsync("document.querySelector('#instant').focus()");
        await PressLeftAsync(page, 1);
        await page.ShowsAsync("#instant-now", "Now");
        (await page.TextAsync("#instant-said")).ShouldContain(":");
    }

    private static async Task PressLeftAsync(DashboardPage page, int times)
    {
        for (var i = 0; i < times; i++)
        {
            await page.PressAsync("ArrowLeft", 37);
        }
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
