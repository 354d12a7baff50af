using System.Collections.Immutable;
using Cassini.Management;
using Cassini.Streams.Cluster;
using Cassini.Streams.Cluster.Fleet;
using Cassini.Streams.Events;
using Cassini.Streams.Fleet;
using Cassini.Streams.Health;
using Cassini.Tests.Feed;
using Cassini.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cassini.Tests.Management.Dashboard;

/// <summary>The nodes of the fleet, on the page of one of them.</summary>
[Collection(DashboardTests.Name)]
public sealed class FleetTests(DashboardBrowser browser) : IAsyncLifetime
{
    private const string First = "0000000000000001";
    private const string Second = "0000000000000002";
    private ManagementRig _rig = null!;
    private FleetProjection _fleet = null!;
    private WebApplication _app = null!;
    private long _number;

    public async ValueTask InitializeAsync()
    {
        _rig = await ManagementRig.StartReadyAsync();
        _fleet = new FleetProjection(new ClusterOptions { Name = "main" }, "n1", _rig.Hub, _rig.Health, new StandingTime())
        {
            Links = () => new Dictionary<string, (NodeLinks, NodeInterest)>
            {
                ["n2"] = (new NodeLinks(true, 3), new NodeInterest(true, 1, false)),
            }.ToImmutableDictionary(),
        };
        _app = ManagementApp.Create(
            _rig.Managed with { Fleet = _fleet }, _rig.Options, NullLoggerFactory.Instance, TimeProvider.System);
        await _app.StartAsync(TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
        _fleet.Dispose();
        await _rig.DisposeAsync();
    }

    [Fact]
    public async Task Page_OfABrokerOnItsOwn_HasNothingOfAFleet()
    {
        Programs.Require("chromium");
        var page = await browser.OpenAsync(_rig.Address);
        await page.NoteRequestsAsync();
        await page.IsLiveAsync();
        await page.ShowsAsync("#verdict", "ok");

        _rig.Publish(new ListenerClosed("127.0.0.1:8883", ListenerCloseReason.Rehearsal));
        await page.ShowsAsync("#checks [data-check=bind]", "EndpointClosed");

        (await page.TextAsync("#fleet, #fleet-link, #node-said")).Trim().ShouldBeEmpty();
        (await page.RequestsAsync("GET fleet")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Page_OfANode_ShowsAllNodesAndNamesItself()
    {
        Programs.Require("chromium");
        Meet("n2", First);
        Say("n2", First, FleetText.Node("n2", failing: FleetText.Failing(CheckNames.Backlog, Reasons.BacklogHigh)).Snapshot with
        {
            Reason = Reasons.BacklogHigh,
            Message = "<b>12,000</b> messages wait",
            Sessions = 1_234,
        });
        var page = await OpenAsync();
        await page.Browser.CommandAsync(
            "Emulation.setDeviceMetricsOverride", new { width = 1280, height = 900, deviceScaleFactor = 1, mobile = false });

        await page.ShowsAsync("#fleet-rows [data-node=n2]", "BacklogHigh");
        (await page.TextAsync("#node-said")).ShouldBe("node\nn1 of main");
        (await page.TextAsync("#fleet-said")).ShouldBe("main: 2 of 2 nodes ready, as n1 knows them");
        (await page.TextAsync("#fleet-status")).ShouldBe("degraded");
        (await page.TextAsync("#fleet-rows [data-node=n1] th")).ShouldBe("n1 this node");
        (await page.TextAsync("#fleet-rows [data-node=n1] td:nth-child(2)")).ShouldBe("ok ready");
        var row = await page.TextAsync("#fleet-rows [data-node=n2]");
        row.ShouldContain("degraded ready");
        row.ShouldContain("<b>12,000</b> messages wait");
        row.ShouldContain("1,234");
        row.ShouldContain("up, 3 messages dropped, subscriptions not agreed");
        (await page.Browser.RunAsync("return document.querySelector('[data-node=n2] a').href")).GetString()
            .ShouldBe("https://n2.test:9090/");
        (await page.Browser.RunAsync("return document.querySelector('[data-node=n2] .reason').getAttribute('href')")).GetString()
            .ShouldBe("runbook#BacklogHigh");
        (await page.TextAsync("#fleet-gone")).ShouldBeEmpty();
        await page.HasNoErrorsAsync();
    }

    [Fact]
    public async Task Page_APeerGoesUnknown_IsBuried_AndComesBack()
    {
        Programs.Require("chromium");
        Meet("n2", First);
        Say("n2", First, FleetText.Node("n2").Snapshot);
        var page = await OpenAsync();
        await page.ShowsAsync("#fleet-rows [data-node=n2]", "ok ready");

        _rig.Publish(new PeerSuspected("n2", TimeSpan.FromSeconds(3)));
        var suspect = await page.ShowsAsync("#fleet-rows [data-node=n2]", "unknown not ready");
        suspect.ShouldContain("not heard on the bus");
        suspect.ShouldContain("suspect for ");
        suspect.ShouldNotContain("ok");
        await page.ShowsAsync("#fleet-announce", "n2 unknown, not ready");
        (await page.TextAsync("#fleet-said")).ShouldStartWith("main: 1 of 2 nodes ready");

        _rig.Publish(new PeerLost("n2", First, TimeSpan.FromSeconds(10)));
        var gone = await page.ShowsAsync("#fleet-gone [data-gone=n2]", "lost");
        gone.ShouldContain("its last status was ok; 1 session waits there");
        (await page.CountAsync("#fleet-rows [data-node=n2]")).ShouldBe(0);
        (await page.TextAsync("#fleet-status")).ShouldBe("degraded");
        await page.ShowsAsync("#fleet-announce", "n2 lost");

        Meet("n2", Second);
        Say("n2", Second, FleetText.Node("n2").Snapshot);
        await page.ShowsAsync("#fleet-rows [data-node=n2]", "ok ready");
        await page.ShowsAsync("it is not gone any more", "#fleet-gone", shown => shown.Length == 0);
        await page.ShowsAsync("it is said", "#fleet-announce", shown => !shown.Contains("n2", StringComparison.Ordinal));
        await page.HasNoErrorsAsync();
    }

    [Fact]
    public async Task Page_ForgetWithTheKeyboard_AsksAndForgets()
    {
        Programs.Require("chromium");
        Meet("n2", First);
        _rig.Publish(new PeerLost("n2", First, TimeSpan.FromSeconds(10)));
        var page = await OpenAsync();
        await page.ShowsAsync("#fleet-gone [data-gone=n2]", "lost");

        (await page.Browser.RunAsync("document.querySelector('[data-gone=n2] button').focus(); return document.activeElement.ariaLabel"))
            .GetString().ShouldBe("Forget n2");
        await page.PressAsync("Enter", 13);
        await page.ShowsAsync("#confirm-said", "n2 was lost. All nodes forget it");
        _fleet.Current.Tombstones.Length.ShouldBe(1, "nobody has said yes yet");
        await page.Browser.ClickAsync("#confirm-yes");

        await page.ShowsAsync("#fleet-result", "n2 is forgotten.");
        await page.ShowsAsync("it is gone", "#fleet-gone", shown => shown.Length == 0);
        _fleet.Current.Tombstones.ShouldBeEmpty();
    }

    [Fact]
    public async Task Page_TheFeedIsLost_NoNodeIsWell()
    {
        Programs.Require("chromium");
        Meet("n2", First);
        Say("n2", First, FleetText.Node("n2").Snapshot);
        await using var front = await Front.StartAsync(ManagementApp.AddressOf(_app));
        EnterFleet();
        var page = await browser.OpenAsync(front.Address);
        await page.ShowsAsync("#fleet-rows [data-node=n2]", "ok ready");

        front.Cut();

        await page.ShowsAsync("n2 is unknown", "#fleet-rows [data-node=n2]", shown => shown.Contains("unknown not ready"));
        await page.ShowsAsync("n1 is unknown", "#fleet-rows [data-node=n1]", shown => shown.Contains("unknown not ready"));
        (await page.TextAsync("#fleet-said")).ShouldStartWith("main: 0 of 2 nodes ready");

        front.LetPass();
        await page.ShowsAsync("#fleet-rows [data-node=n2]", "ok ready");
    }

    [Fact]
    public async Task Page_ForAScreenReaderAndOnAPhone_HasEverything()
    {
        Programs.Require("chromium");
        Meet("n2", First);
        Say("n2", First, FleetText.Node("n2").Snapshot with { Reason = "Odd", Message = new string('m', 200) });
        var name = new string('n', 32);
        Meet(name, First);
        _rig.Publish(new PeerLost(name, First, TimeSpan.FromSeconds(10)));
        var page = await OpenAsync();
        await page.ShowsAsync("#fleet-gone", "lost");
        await page.ShowsAsync("#fleet-rows [data-node=n2]", "Odd");

        var tree = await page.AccessibilityTreeAsync();
        tree.ShouldContain(node => node.Role == "table" && node.Name == "Nodes of the fleet");
        tree.ShouldContain(node => node.Role == "heading" && node.Level == 2 && node.Name.StartsWith("Fleet main: "));
        tree.ShouldContain(node => node.Role == "list" && node.Name == "Nodes that are gone");
        tree.ShouldContain(node => node.Role == "button" && node.Name == $"Forget {name}");
        tree.ShouldContain(node => node.Role == "link" && node.Name == "Fleet");
        tree.ShouldContain(node => node.Role == "rowheader" && node.Name.StartsWith("n1"));
        await page.Browser.CommandAsync(
            "Emulation.setDeviceMetricsOverride", new { width = 360, height = 780, deviceScaleFactor = 2, mobile = true });
        await Eventually.BecomesAsync(
            "it fits a phone",
            async () => (await page.Browser.RunAsync("return [innerWidth, document.documentElement.scrollWidth].join()")).GetString()!,
            widths => widths == "360,360");
        (await page.TextAsync("#fleet-rows [data-node=n2]")).ShouldContain("ok ready");
    }

    private async Task<DashboardPage> OpenAsync()
    {
        EnterFleet();
        var page = await browser.OpenAsync(ManagementApp.AddressOf(_app));
        await page.IsLiveAsync();
        return page;
    }

    private void EnterFleet() => _rig.Publish(new FleetEntered("n1", "main"), new FleetJoined(1, TimeSpan.FromSeconds(1)));

    /// <summary>A peer is there.</summary>
    private void Meet(string node, string epoch) => _rig.Publish(new EngineConnected("nats"), new PeerJoined(node, epoch));

    /// <summary>It says how it is: that is current for as long as the test lasts.</summary>
    private void Say(string node, string epoch, FleetNodeHealth health) =>
        _fleet.Apply(new NodeSaid(node, epoch, ++_number, health, $"https://{node}.test:9090/"));

    /// <summary>Time that does not pass.</summary>
    private sealed class StandingTime : TimeProvider
    {
        public override long GetTimestamp() => 0;
    }
}
