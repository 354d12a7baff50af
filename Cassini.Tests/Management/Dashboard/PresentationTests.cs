using Cassini.Streams.Events;
using Cassini.Tests.Health;
using Cassini.Tests.Support;

namespace Cassini.Tests.Management.Dashboard;

/// <summary>The page for people with a screen reader, a keyboard, a phone, or a dark room.</summary>
[Collection(DashboardTests.Name)]
public class PresentationTests(DashboardBrowser browser)
{
    private static readonly string[] Controls = ["button", "textbox", "searchbox", "combobox", "link"];

    [Fact]
    public async Task AccessibilityTree_OfAFaultyBroker_NamesEverythingInOrder()
    {
        Programs.Require("chromium");
        await using var rig = await FaultyAsync();
        var page = await OpenAsync(rig);
        var tree = await page.AccessibilityTreeAsync();

        tree.Count(node => node.Role == "main").ShouldBe(1);
        tree.Count(node => node.Role == "banner").ShouldBe(1);
        tree.Count(node => node.Role == "contentinfo").ShouldBe(1);
        var controls = tree.Where(node => Controls.Contains(node.Role)).ToList();
        controls.Count.ShouldBeGreaterThan(15);
        controls.ShouldAllBe(node => node.Name.Length > 0);
        tree.Where(node => node.Role == "table").Select(node => node.Name)
            .ShouldBe(["Live connections", "Settings in force"], ignoreOrder: true);
        tree.ShouldContain(node => node.Role == "tree" && node.Name.StartsWith("Topics", StringComparison.Ordinal));
        tree.ShouldContain(node => node.Role == "treeitem" && node.Name.StartsWith("ttt", StringComparison.Ordinal));

        var headings = tree.Where(node => node.Role == "heading").ToList();
        headings[0].Level.ShouldBe(1);
        headings[0].Name.ShouldContain("error");
        headings.Count(heading => heading.Level == 1).ShouldBe(1);
        headings.Zip(headings.Skip(1)).ShouldAllBe(pair => pair.Second.Level <= pair.First.Level + 1);
        tree.ShouldContain(node => node.Role == "button" && node.Name == "Disconnect panel, connection 1");
        tree.ShouldContain(node => node.Role == "status");
    }

    [Fact]
    public async Task Keyboard_FromTheTop_SkipsToTheStatusAndSeesItsFocus()
    {
        Programs.Require("chromium");
        await using var rig = await FaultyAsync();
        var page = await OpenAsync(rig);
        await page.PressAsync("Tab", 9);
        (await FocusedAsync(page)).ShouldBe("Skip to the status");
        (await page.Browser.RunAsync(
            "return document.activeElement.getBoundingClientRect().top >= 0 && getComputedStyle(document.activeElement).outlineStyle"))
            .GetString()
            .ShouldBe("solid");
        await page.PressAsync("Enter", 13);
        (await page.Browser.RunAsync("return location.hash")).GetString().ShouldBe("#main");
        await page.PressAsync("Tab", 9);
        (await page.Browser.RunAsync("return document.activeElement.id")).GetString().ShouldBe("range");
        await page.PressAsync("Tab", 9);
        (await page.Browser.RunAsync("return document.activeElement.id")).GetString().ShouldBe("instant");
        await page.PressAsync("Tab", 9);
        (await FocusedAsync(page)).ShouldBe("BindFailed");

        // A dialog holds the focus while it is open and gives it back.
        await page.PressAsync("Tab", 9);
        await page.PressAsync("Enter", 13);
        await page.ShowsAsync("#evidence-title", "bindFailed");
        await page.PressAsync("Escape", 27);
        await Eventually.BecomesAsync("the focus is back", async () => await FocusedAsync(page), text => text.StartsWith('#'));
    }

    [Fact]
    public async Task Phone_LongNames_NeedNoHorizontalScroll()
    {
        Programs.Require("chromium");
        await using var rig = await FaultyAsync();
        var page = await OpenAsync(rig);
        await page.Browser.CommandAsync(
            "Emulation.setDeviceMetricsOverride", new { width = 360, height = 780, deviceScaleFactor = 2, mobile = true });

        await Eventually.BecomesAsync(
            "it fits",
            async () => (await page.Browser.RunAsync("return [innerWidth, document.documentElement.scrollWidth].join()")).GetString()!,
            widths => widths == "360,360");
        await page.Browser.ClickAsync("[data-check=bind] .evidence button");
        await page.ShowsAsync("#evidence-title", "bindFailed");
        (await page.Browser.RunAsync("return document.documentElement.scrollWidth")).GetInt32().ShouldBe(360);
    }

    [Fact]
    public async Task Theme_AsTheSystemHasIt_OrAsChosen()
    {
        Programs.Require("chromium");
        await using var rig = await FaultyAsync();
        var page = await OpenAsync(rig);
        var light = await PaperAsync(page);
        await page.Browser.CommandAsync(
            "Emulation.setEmulatedMedia", new { features = new[] { new { name = "prefers-color-scheme", value = "dark" } } });
        await Eventually.BecomesAsync("the paper is dark", async () => await PaperAsync(page), paper => paper != light);

        await Eventually.BecomesAsync("the button offers light", async () => await page.TextAsync("#theme"), text => text == "Light");
        await page.Browser.ClickAsync("#theme");
        await Eventually.BecomesAsync("the paper is light as chosen", async () => await PaperAsync(page), paper => paper == light);
        await page.Browser.GoAsync(rig.Address.ToString());
        await page.IsLiveAsync();
        await Eventually.BecomesAsync("the choice is remembered", async () => await PaperAsync(page), paper => paper == light);
    }

    /// <summary>One endpoint cannot be bound, and a client has a very long name.</summary>
    private static async Task<ManagementRig> FaultyAsync()
    {
        var rig = await ManagementRig.StartReadyAsync();
        rig.Publish(
            new ConnectionAccepted(1, Happened.Endpoint, "[2001:db8:1234:5678:9abc:def0:1234:5678]:40001"),
            new HandshakeCompleted(1, "alice", "TLS 1.3", TimeSpan.Zero),
            new SessionOpened(1, "panel", "alice", "MQTT 5.0", false),
            new ConnectionAccepted(2, Happened.Endpoint, "127.0.0.1:40002"),
            new HandshakeCompleted(2, new string('i', 300), "TLS 1.3", TimeSpan.Zero),
            new SessionOpened(2, new string('c', 300), "alice", "MQTT 5.0", false),
            Happened.BindFailed());
        await rig.Broker.PublishAsync(
            new() { Topic = new string('t', 300), Payload = "x"u8.ToArray() }, TestContext.Current.CancellationToken);
        return rig;
    }

    private async Task<DashboardPage> OpenAsync(ManagementRig rig)
    {
        var page = await browser.OpenAsync(rig.Address);
        await page.ShowsAsync("#checks [data-check=bind]", "BindFailed");
        await page.ShowsAsync("#connections-rows", "panel");
        await page.ShowsAsync("#tree", "ttt");
        await page.ShowsAsync("#transitions", "BindFailed");
        return page;
    }

    private static async Task<string> FocusedAsync(DashboardPage page) =>
        (await page.Browser.RunAsync("return document.activeElement.innerText")).GetString()!;

    private static async Task<string> PaperAsync(DashboardPage page) =>
        (await page.Browser.RunAsync("return getComputedStyle(document.documentElement).backgroundColor")).GetString()!;
}
