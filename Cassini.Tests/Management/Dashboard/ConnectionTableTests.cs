using Cassini.Streams.Broker.Model;
using Cassini.Streams.Events;
using Cassini.Tests.Health;
using Cassini.Tests.Support;

namespace Cassini.Tests.Management.Dashboard;

[Collection(DashboardTests.Name)]
public class ConnectionTableTests(DashboardBrowser browser)
{
    private const string Hostile = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>";

    [Fact]
    public async Task Connections_FiveThousand_AreSearchedSortedAndPaged()
    {
        Programs.Require("chromium");
        await using var rig = await ManagementRig.StartReadyAsync();
        var page = await browser.OpenAsync(rig.Address);
        await page.IsLiveAsync();

        // While the page follows: it sees twenty thousand events.
        for (var id = 1; id <= 5_000; id++)
        {
            rig.Publish(Opened(id, $"user-{id % 100:00}", $"client-{id:0000}"));
        }

        await page.ShowsAsync("all of them", "[data-tile=connections] .value", shown => shown == "5,000");
        await page.ShowsAsync("#connections-range", "1–12 of 5,000");
        (await page.CountAsync("#connections-rows tr")).ShouldBe(12);
        await page.Browser.ClickAsync("#connections-next");
        await page.ShowsAsync("#connections-range", "13–24 of 5,000");
        (await page.TextAsync("#connections-rows tr:first-child th")).ShouldBe("client-0013");

        await page.Browser.ClickAsync("#connections-table [data-sort=clientId]");
        await page.ShowsAsync("sorted", "#connections-rows tr:first-child th", shown => shown == "client-0001");
        await page.Browser.ClickAsync("#connections-table [data-sort=clientId]");
        await page.ShowsAsync("sorted", "#connections-rows tr:first-child th", shown => shown == "client-5000");
        await page.Browser.TypeAsync("#connections-search", "USER-42");
        await page.ShowsAsync("#connections-range", "1–12 of 50");
        (await page.TextAsync("#connections-count")).ShouldBe("50 found");
        (await page.TextAsync("#connections-rows tr:first-child")).ShouldStartWith("client-4942\tuser-42");

        await page.Browser.TypeAsync("#connections-search", "no such");
        await page.ShowsAsync("#connections-range", "none");
        await page.HasNoErrorsAsync();
    }

    [Fact]
    public async Task Connection_Disconnected_OnlyAfterAYesAndItIsSaid()
    {
        Programs.Require("chromium");
        await using var rig = await ManagementRig.StartReadyAsync();
        rig.Publish(Opened((int)FakeListeners.Connection, "alice", "panel"));
        var page = await browser.OpenAsync(rig.Address);
        await page.ShowsAsync("#connections-rows", "panel");

        await page.Browser.ClickAsync("#connections-rows .act button");
        await page.ShowsAsync("#confirm", "panel, identity alice");
        await page.Browser.ClickAsync("#confirm-no");
        rig.Listeners.Calls.ShouldBeEmpty();

        await page.Browser.ClickAsync("#connections-rows .act button");
        await page.Browser.ClickAsync("#confirm-yes");
        await page.ShowsAsync("#connections-result", $"Connection {FakeListeners.Connection} is being closed.");
        rig.Listeners.Calls.ShouldBe([$"disconnect {FakeListeners.Connection}"]);
    }

    [Fact]
    public async Task Names_ThatHoldMarkup_StayText()
    {
        Programs.Require("chromium");
        await using var rig = await ManagementRig.StartReadyAsync();
        rig.Publish(Opened(1, Hostile, Hostile));
        rig.Publish(new Crashed(new Component(ComponentKind.Connection, "1"), "IOException", Hostile, 1, null));
        rig.Publish(new CertificateLoaded(
            CertificateRole.Authority, "CN=" + Hostile, "00", DateTimeOffset.UnixEpoch, rig.Hub.StartedAt.AddYears(2)));
        await rig.Broker.PublishAsync(
            new MqttMessage { Topic = Hostile, Payload = "x"u8.ToArray() }, TestContext.Current.CancellationToken);
        var page = await browser.OpenAsync(rig.Address);

        await page.ShowsAsync("#connections-rows", Hostile);
        await page.ShowsAsync("#tree", Hostile[..Hostile.IndexOf('/', StringComparison.Ordinal)]);
        await page.ShowsAsync("#checks [data-check=supervision]", Hostile);
        await page.ShowsAsync("#transitions", Hostile);
        await page.ShowsAsync("#certificates", Hostile);
        await page.Browser.ClickAsync("[data-check=supervision] .evidence button");
        await page.ShowsAsync("#evidence-json", "<img src=x");
        (await page.CountAsync("main img, main script, dialog img, dialog script")).ShouldBe(0);
        (await page.Browser.RunAsync("return document.title")).GetString()!.ShouldEndWith(" · Cassini");
        await page.HasNoErrorsAsync();
    }

    // A name that is written from right to left could look like another client's, next to the button that disconnects it.
    [Fact]
    public async Task Names_WithCharactersThatReorder_AreShownWithTheirCodes()
    {
        Programs.Require("chromium");
        await using var rig = await ManagementRig.StartReadyAsync();
        rig.Publish(Opened(1, "mallory", "\u202Eecila\u200B"));
        var page = await browser.OpenAsync(rig.Address);

        await page.ShowsAsync("#connections-rows", "\\u{202e}ecila\\u{200b}");
    }

    [Fact]
    public async Task Topics_Prefix_NarrowsTheList()
    {
        Programs.Require("chromium");
        await using var rig = await ManagementRig.StartReadyAsync();
        foreach (var topic in new[] { "home/door", "home/lamp", "work/desk" })
        {
            await rig.Broker.PublishAsync(
                new MqttMessage { Topic = topic, Payload = "x"u8.ToArray() }, TestContext.Current.CancellationToken);
        }

        var page = await browser.OpenAsync(rig.Address);
        await page.ShowsAsync("#tree", "work");
        await page.Browser.TypeAsync("#topics-prefix", "home/");
        await page.HasAsync("two of them", "#topics-found li", 2);
        (await page.TextAsync("#tree")).ShouldBeEmpty();
        (await page.TextAsync("#topics-count")).ShouldBe("2");
    }

    private static BrokerEvent[] Opened(int id, string identity, string client) =>
    [
        new ConnectionAccepted(id, Happened.Endpoint, $"127.0.0.1:{20_000 + id}"),
        new HandshakeCompleted(id, identity, "TLS 1.3", TimeSpan.Zero),
        new ConnectionOpened(id, identity),
        new SessionOpened(id, client, "alice", "MQTT 5.0", false),
    ];
}
