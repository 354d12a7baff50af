using System.Text.Json;
using Cassini.Management;
using Cassini.Management.Http;
using Cassini.Tests.Integration;
using Cassini.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cassini.Tests.Management.Dashboard;

/// <summary>The clients that do not keep up, at a real broker with a real one.</summary>
[Collection(DashboardTests.Name)]
public sealed class SlowConsumerTests(DashboardBrowser browser) : IAsyncLifetime
{
    private RunningBroker _broker = null!;
    private WebApplication _app = null!;

    public async ValueTask InitializeAsync()
    {
        _broker = await RunningBroker.ServingMqttAsync(
            options => options with { Broker = options.Broker with { MaxInFlight = 2, MaxQueuedMessages = 3 } });
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
    public async Task Client_ThatDoesNotAcknowledge_IsListedAndOpens()
    {
        Programs.Require("chromium");
        await using var slow = await PlainMqttClient.ConnectAsync(_broker, "<i>slow</i>", "bob");
        await slow.SubscribeAsync("t");
        await using var quick = await PlainMqttClient.ConnectAsync(_broker, "quick");
        var page = await browser.OpenAsync(ManagementApp.AddressOf(_app));
        await page.IsLiveAsync();
        (await page.TextAsync("#slow")).ShouldBeEmpty("there is none");

        for (var i = 0; i < 5; i++)
        {
            await quick.PublishAsync("t");
        }

        await page.ShowsAsync("#slow-rows", "<i>slow</i>");
        var row = await page.ShowsAsync("#slow-rows", "does not acknowledge");
        row.ShouldContain("bob");
        row.Split('\t')[^2..].Select(cell => cell.Trim()).ShouldBe(["3", "0"], "what waits, and what was dropped");
        (await page.TextAsync("#slow-count")).ShouldBe("1");
        using var http = new HttpClient { BaseAddress = ManagementApp.AddressOf(_app) };
        using var json = JsonDocument.Parse(await http.GetStringAsync("/sessions?state=slow", TestContext.Current.CancellationToken));
        json.RootElement.GetProperty("sessions")[0].GetProperty("slow").GetString().ShouldBe("notAcknowledging");
        json.RootElement.GetProperty("count").GetInt32().ShouldBe(1);

        await page.Browser.ClickAsync("#slow-rows button");
        await page.ShowsAsync("#client-facts", "does not acknowledge");
        await page.Browser.ClickAsync("#client-close");
        await quick.PublishAsync("t");
        await page.ShowsAsync("#slow-rows", "loses messages");
        for (var i = 0; i < 5; i++)
        {
            await slow.ReceiveAsync("a message");
        }

        await page.ShowsAsync(
            "it lost one a moment ago", "#slow-rows", text => text.Contains("loses messages", StringComparison.Ordinal));
        await page.HasNoErrorsAsync();
    }

    [Fact]
    public async Task Client_ThatAcknowledgesAgainWithoutALoss_LeavesTheList()
    {
        Programs.Require("chromium");
        await using var slow = await PlainMqttClient.ConnectAsync(_broker, "slow", "bob");
        await slow.SubscribeAsync("t");
        await using var quick = await PlainMqttClient.ConnectAsync(_broker, "quick");
        var page = await browser.OpenAsync(ManagementApp.AddressOf(_app));
        await page.IsLiveAsync();
        for (var i = 0; i < 4; i++)
        {
            await quick.PublishAsync("t");
        }

        (await page.ShowsAsync("#slow-rows", "does not acknowledge")).ShouldContain("slow");
        for (var i = 0; i < 4; i++)
        {
            await slow.ReceiveAsync("a message");
        }

        await page.HasAsync("the list is hidden", "#slow[hidden]", 1);
        await page.HasNoErrorsAsync();
    }
}
