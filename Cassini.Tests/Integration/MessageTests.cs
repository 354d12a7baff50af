using System.Net;
using System.Text;
using System.Text.Json;
using Cassini.Management;
using Cassini.Management.Http;
using Cassini.Streams.Mqtt;
using Cassini.Tests.Management.Messages;
using Cassini.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cassini.Tests.Integration;

/// <summary>Messages over HTTP at a real broker with a real disk and real clients.</summary>
public sealed class MessageTests : IAsyncLifetime
{
    private readonly TempDirectory _data = new();
    private RunningBroker _broker = null!;
    private WebApplication _app = null!;
    private HttpClient _http = null!;

    public ValueTask InitializeAsync() => StartAsync();

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _data.Dispose();
    }

    [Fact]
    public async Task Messages_OfClientsAndOfTheManagement_ReachEachOther()
    {
        await using var client = await PlainMqttClient.ConnectAsync(_broker, "c");
        await client.SubscribeAsync("to/client");
        using var reader = await MessageReader.OpenAsync(_http, "to/#");

        (await PostAsync("""{"topic":"to/client","payload":"é","qos":1}""")).ShouldBe(
            (HttpStatusCode.OK, """{"outcome":"delivered","topic":"to/client","size":2}"""));
        (await client.ReceiveAsync("it arrives")).ShouldNotBeNull().Text.ShouldBe("é");
        (await reader.ExpectAsync("message")).GetProperty("payload").GetString().ShouldBe("é");
        (await client.PublishAsync("to/page")).ShouldBe(ReasonCode.Success);
        (await reader.ExpectAsync("message")).GetProperty("topic").GetString().ShouldBe("to/page");

        using var subscriptions = JsonDocument.Parse(
            await _http.GetStringAsync("/subscriptions?topic=to/client", TestContext.Current.CancellationToken));
        subscriptions.RootElement.GetProperty("subscriptions").EnumerateArray()
            .Select(row => row.GetProperty("identity").GetString()).ShouldBe(["alice", "management"], ignoreOrder: true);
    }

    [Fact]
    public async Task Stop_OfTheBroker_EndsTheStreamWithBye()
    {
        using var reader = await MessageReader.OpenAsync(_http, "t");

        await _broker.Mqtt.StopAsync(CancellationToken.None);
        (await PostAsync("""{"topic":"t"}""")).ShouldBe(
            (HttpStatusCode.ServiceUnavailable, "the broker is shutting down: the message was not published\n"));
        await _broker.Mqtt.DisposeAsync();

        var last = await reader.NextAsync("the end");
        for (; last?.Type == "heartbeat"; last = await reader.NextAsync("the end"))
        {
        }

        last.ShouldNotBeNull().Type.ShouldBe("bye");
        (await reader.NextAsync("nothing follows")).ShouldBeNull();
    }

    /// <summary>What was answered is on disk, for whoever comes after the process.</summary>
    [Fact]
    public async Task Post_Answered_IsThereAfterARestart()
    {
        (await PostAsync("""{"topic":"kept","payload":"1","qos":1,"retain":true}""")).Status.ShouldBe(HttpStatusCode.OK);
        await StopAsync();
        await StartAsync();

        using var json = JsonDocument.Parse(
            await _http.GetStringAsync("/retained?topic=kept", TestContext.Current.CancellationToken));
        json.RootElement.GetProperty("payload").GetString().ShouldBe("1");
        json.RootElement.GetProperty("identity").GetString().ShouldBe("management");
    }

    private async ValueTask StartAsync()
    {
        _broker = await RunningBroker.ServingMqttAsync(options => options with
        {
            Store = options.Store with { Directory = _data.Path },
        });
        _app = ManagementApp.Create(
            ManagedBroker.Of(_broker.Mqtt), new ManagementOptions { Address = "127.0.0.1:0" }, NullLoggerFactory.Instance,
            TimeProvider.System);
        await _app.StartAsync(TestContext.Current.CancellationToken);
        _http = new HttpClient { BaseAddress = ManagementApp.AddressOf(_app) };
    }

    private async Task StopAsync()
    {
        await _app.StopAsync(CancellationToken.None);
        _http.Dispose();
        await _app.DisposeAsync();
        await _broker.Mqtt.DisposeAsync();
        await _broker.DisposeAsync();
    }

    private async Task<(HttpStatusCode Status, string Text)> PostAsync(string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await Eventually.CompletesAsync(
            "POST /messages", _http.PostAsync("/messages", content, TestContext.Current.CancellationToken));
        return (response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }
}
