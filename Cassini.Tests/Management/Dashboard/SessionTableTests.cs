using System.Text.Json;
using Cassini.Management;
using Cassini.Management.Http;
using Cassini.Streams.Events;
using Cassini.Tests.Integration;
using Cassini.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cassini.Tests.Management.Dashboard;

/// <summary>The sessions on the page, and one client opened, at a real broker with real clients.</summary>
[Collection(DashboardTests.Name)]
public sealed class SessionTableTests(DashboardBrowser browser) : IAsyncLifetime
{
    private RunningBroker _broker = null!;
    private WebApplication _app = null!;

    public async ValueTask InitializeAsync()
    {
        _broker = await RunningBroker.ServingMqttAsync();
        _app = ManagementApp.Create(
            ManagedBroker.Of(_broker.Mqtt), new ManagementOptions { Address = "127.0.0.1:0" }, NullLoggerFactory.Instance,
            TimeProvider.System);
        await _app.StartAsync(TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
        await _broker.DisposeAsync();
    }

    [Fact]
    public async Task Sessions_OpenAndKept_AreShownSortedAndFiltered()
    {
        Programs.Require("chromium");
        await using var open = await PlainMqttClient.ConnectAsync(_broker, "open");
        await KeepAsync("kept", "to/kept");
        await open.PublishAsync("to/kept");
        await open.PublishAsync("to/kept");
        var page = await OpenAsync();

        await page.ShowsAsync("#sessions-count", "2");
        await page.ShowsAsync("#sessions-rows [data-client=kept]", "away");
        (await page.TextAsync("#sessions-rows [data-client=kept]")).ShouldContain("ends in 59 min");
        (await page.TextAsync("#sessions-rows [data-client=open]")).ShouldContain("connected");
        await page.Browser.ClickAsync("#sessions-table [data-sort=queued]");
        await page.Browser.ClickAsync("#sessions-table [data-sort=queued]");
        await page.ShowsAsync("sorted", "#sessions-rows tr:first-child", row => row.StartsWith("kept", StringComparison.Ordinal));
        (await page.Browser.RunAsync("return document.querySelector('[aria-sort=descending]').innerText")).GetString().ShouldBe("Waiting");

        await page.Browser.RunAsync(
            "const state = document.querySelector('#sessions-state'); state.value = 'connected'; state.dispatchEvent(new Event('change'))");
        await page.HasAsync("the connected one", "#sessions-rows tr", 1);
        await page.HasNoErrorsAsync();
    }

    [Fact]
    public async Task Client_Opened_ShowsEverythingOfItAndCanBeEnded()
    {
        Programs.Require("chromium");
        await using var client = await PlainMqttClient.ConnectAsync(_broker, "a/b <i>c</i>", "bob", expiry: 3600);
        await client.SubscribeAsync("t/#");
        var page = await OpenAsync();
        await page.ShowsAsync("#sessions-rows", "a/b <i>c</i>");

        await page.Browser.ClickAsync("#sessions-rows th button");
        await page.ShowsAsync("#client-facts", "MQTT 5.0, TLS 1.3");
        (await page.TextAsync("#client-title")).ShouldBe("a/b <i>c</i>");
        (await page.TextAsync("#client-facts")).ShouldContain("bob");
        (await page.TextAsync("#client-subscriptions")).ShouldBe("1 subscription");
        (await page.TextAsync("#client-filters")).ShouldContain("t/#");
        await page.Browser.ClickAsync("#client-end");
        await page.ShowsAsync("#confirm", "identity bob. Its subscriptions and 0 messages are discarded.");
        await page.Browser.ClickAsync("#confirm-yes");

        await page.ShowsAsync("#sessions-result", "The session of a/b <i>c</i> was ended.");
        (await client.ReceiveAsync("the broker says goodbye")).ShouldBeNull();
        await page.ShowsAsync("#sessions-range", "none");
        await page.HasNoErrorsAsync();
    }

    [Fact]
    public async Task Rows_Saved_AreAllThatMatchAndHarmlessInASpreadsheet()
    {
        Programs.Require("chromium");
        List<PlainMqttClient> clients = [];
        for (var i = 0; i < 25; i++)
        {
            clients.Add(await PlainMqttClient.ConnectAsync(_broker, i == 0 ? "=1+1,\"x\"" : $"client {i:00}"));
        }

        var page = await OpenAsync();
        await page.ShowsAsync("#sessions-count", "25");
        await page.Browser.RunAsync(
            """
            window.saved = [];
            URL.createObjectURL = blob => { blob.text().then(text => window.saved.push([blob.type, text])); return 'about:blank#saved'; };
            HTMLAnchorElement.prototype.click = function () { window.saved.push(this.download); };
            """);

        await page.Browser.ClickAsync("#sessions-csv");
        await page.ShowsAsync("#sessions-result", "25 rows saved.");
        var csv = await SavedAsync(page, 2);
        csv.ShouldContain("cassini-sessions.csv");
        csv.ShouldContain("text/csv");
        csv.ShouldContain("clientId,identity,state,connection");
        JsonDocument.Parse(csv).RootElement.EnumerateArray().First(saved => saved.ValueKind == JsonValueKind.Array)[1].GetString()!
            .Split("\r\n")[1].ShouldStartWith("\"'=1+1,\"\"x\"\"\",alice,connected,");

        await page.Browser.ClickAsync("#sessions-json");
        var json = await SavedAsync(page, 4);
        json.ShouldContain("cassini-sessions.json");
        await page.HasNoErrorsAsync();
        foreach (var client in clients)
        {
            await client.DisposeAsync();
        }
    }

    private static Task<string> SavedAsync(DashboardPage page, int times) => Eventually.BecomesAsync(
        "it is saved",
        async () => (await page.Browser.RunAsync("return JSON.stringify(window.saved)")).GetString()!,
        saved => JsonDocument.Parse(saved).RootElement.GetArrayLength() == times);

    private async Task KeepAsync(string clientId, string filter)
    {
        await using var client = await PlainMqttClient.ConnectAsync(_broker, clientId, expiry: 3600);
        await client.SubscribeAsync(filter);
        await client.DisconnectAsync();
        await _broker.HappensAsync<SessionClosed>("its session is kept", closed => closed.Kept && closed.ClientId == clientId);
    }

    private async Task<DashboardPage> OpenAsync()
    {
        var page = await browser.OpenAsync(ManagementApp.AddressOf(_app));
        await page.IsLiveAsync();
        return page;
    }
}
