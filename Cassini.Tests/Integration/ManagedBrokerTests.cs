using System.Net;
using System.Text.Json;
using Cassini.Management;
using Cassini.Management.Http;
using Cassini.Streams.Events;
using Cassini.Tests.Management;
using Cassini.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cassini.Tests.Integration;

/// <summary>A real broker with real clients, seen and rehearsed only over HTTP.</summary>
public class ManagedBrokerTests
{
    [Fact]
    public async Task CrashConnection_OverHttp_IsAnEventATransitionAndA503WhileTheBrokerStaysReady()
    {
        await using var broker = await RunningBroker.ReadyAsync();
        await using var app = await ManageAsync(broker);
        using var http = new HttpClient { BaseAddress = ManagementApp.AddressOf(app) };
        await using var client = await broker.ConnectAsync();
        using var sessions = JsonDocument.Parse(await GetAsync(http, "/connections"));
        var id = sessions.RootElement[0].GetProperty("id").GetInt64();
        using var feed = await FeedReader.OpenAsync(http, "?types=supervision,health");
        await feed.ExpectAsync("snapshot");

        (await PostAsync(http, $"/faults/crash-connection?id={id}")).ShouldBe(HttpStatusCode.Accepted);
        (await feed.ExpectEventAsync("crashed")).Json.GetProperty("event").GetProperty("component").GetProperty("name").GetString()
            .ShouldBe($"{id}");
        var change = (await feed.ExpectAsync("transition")).Json.GetProperty("event");
        change.GetProperty("check").GetString().ShouldBe("supervision");
        change.GetProperty("to").GetString().ShouldBe("error");

        (await http.GetAsync("/healthz", TestContext.Current.CancellationToken)).StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await GetAsync(http, "/readyz")).ShouldBe("ok");
        (await GetAsync(http, "/livez")).ShouldBe("ok");
        await app.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task StalledAcceptLoop_OverHttp_TurnsReadinessRedAndALongPollSeesItBack()
    {
        await using var broker = await RunningBroker.ReadyAsync();
        await using var app = await ManageAsync(broker);
        using var http = new HttpClient { BaseAddress = ManagementApp.AddressOf(app) };

        (await PostAsync(http, "/faults/stall-accept")).ShouldBe(HttpStatusCode.Accepted);
        await Eventually.BecomesAsync(
            "readiness red", async ValueTask<string> () => await GetAsync(http, "/readyz"), text => text.Contains("[-]accept failed: "));
        var ready = GetAsync(http, "/readyz?wait=1m");
        (await PostAsync(http, "/faults/resume")).ShouldBe(HttpStatusCode.Accepted);

        (await ready).ShouldBe("ok");
        await app.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Delete_AnOpenConnection_ClosesIt()
    {
        await using var broker = await RunningBroker.ReadyAsync();
        await using var app = await ManageAsync(broker);
        using var http = new HttpClient { BaseAddress = ManagementApp.AddressOf(app) };
        await using var client = await broker.ConnectAsync();
        var id = broker.Host.Connections.List().ShouldHaveSingleItem().Id;

        (await http.DeleteAsync($"/connections/{id}", TestContext.Current.CancellationToken)).StatusCode.ShouldBe(HttpStatusCode.Accepted);
        await Eventually.BecomesAsync(
            "the table is empty", async ValueTask<string> () => await GetAsync(http, "/connections"), text => text == "[]");
        (await http.DeleteAsync($"/connections/{id}", TestContext.Current.CancellationToken)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        await app.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Dispose_BrokerWithObservers_CompletesThem()
    {
        var ended = new TaskCompletionSource();
        await using (var broker = await RunningBroker.ServingMqttAsync())
        {
            broker.Mqtt.Broker.Observe("t").Subscribe(_ => { }, ended.SetException, ended.SetResult);
        }

        await Eventually.CompletesAsync("the observer completes", ended.Task);
    }

    [Fact]
    public async Task Stop_BrokerThenSurface_AFeedSeesEveryPhaseAndBye()
    {
        await using var broker = await RunningBroker.ReadyAsync();
        await using var app = await ManageAsync(broker);
        using var http = new HttpClient { BaseAddress = ManagementApp.AddressOf(app) };
        using var feed = await FeedReader.OpenAsync(http, "?types=lifecycle");
        await feed.ExpectAsync("snapshot");

        await Eventually.CompletesAsync("stopping the broker", broker.Host.StopAsync(TestContext.Current.CancellationToken));
        (await GetAsync(http, "/readyz")).ShouldContain("[-]phase failed: Stopped\n");
        await Eventually.CompletesAsync("stopping the surface", app.StopAsync(TestContext.Current.CancellationToken));

        await feed.ExpectEventAsync("phaseLeft");
        (await feed.ExpectEventAsync("phaseEntered")).Data.ShouldContain("\"draining\"");

        // The last stage is that of a node of a fleet.
        foreach (var stage in Enum.GetNames<DrainStage>().SkipLast(1))
        {
            (await feed.ExpectEventAsync("drainStageEntered")).Data.ShouldContain(
                $"\"stage\":\"{JsonNamingPolicy.CamelCase.ConvertName(stage)}\"");
            (await feed.ExpectEventAsync("drainStageLeft")).Data.ShouldContain("\"outcome\":\"completed\"");
        }

        await feed.ExpectEventAsync("phaseLeft");
        (await feed.ExpectEventAsync("phaseEntered")).Data.ShouldContain("\"stopped\"");
        await feed.ExpectAsync("bye");
    }

    private static async Task<WebApplication> ManageAsync(RunningBroker broker)
    {
        var app = ManagementApp.Create(
            ManagedBroker.Of(broker.Host), new ManagementOptions { Address = "127.0.0.1:0", EnableFaults = true },
            NullLoggerFactory.Instance, TimeProvider.System);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return app;
    }

    private static async Task<string> GetAsync(HttpClient http, string path)
    {
        using var response = await Eventually.CompletesAsync(
            path, http.GetAsync(path, TestContext.Current.CancellationToken), TimeSpan.FromSeconds(60));
        return await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }

    private static async Task<HttpStatusCode> PostAsync(HttpClient http, string path)
    {
        using var response = await http.PostAsync(path, null, TestContext.Current.CancellationToken);
        return response.StatusCode;
    }
}
