using System.Net;
using System.Text.Json;
using Cassini.Management;
using Cassini.Management.Http;
using Cassini.Streams.Events;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cassini.Tests.Integration;

/// <summary>GET /sessions and /clients, at a real broker with real clients.</summary>
public sealed class SessionsTests : IAsyncLifetime
{
    private RunningBroker _broker = null!;
    private WebApplication _app = null!;
    private HttpClient _http = null!;

    public async ValueTask InitializeAsync()
    {
        _broker = await RunningBroker.ServingMqttAsync();
        _app = ManagementApp.Create(
            ManagedBroker.Of(_broker.Mqtt), new ManagementOptions { Address = "127.0.0.1:0" }, NullLoggerFactory.Instance,
            TimeProvider.System);
        await _app.StartAsync(TestContext.Current.CancellationToken);
        _http = new HttpClient { BaseAddress = ManagementApp.AddressOf(_app) };
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
        await _broker.DisposeAsync();
    }

    [Fact]
    public async Task Sessions_OpenAndKept_AreListed()
    {
        await using var open = await PlainMqttClient.ConnectAsync(_broker, "open/1");
        await KeepAsync("kept 1", "bob", messages: 2);
        await KeepAsync("kept 2", "mallory", messages: 0);

        using var all = await JsonAsync("/sessions");
        all.RootElement.GetProperty("count").GetInt32().ShouldBe(3);
        Names(all).ShouldBe(["kept 1", "kept 2", "open/1"]);
        var kept = all.RootElement.GetProperty("sessions")[0];
        kept.EnumerateObject().Select(property => property.Name).ShouldBe(
            [
                "clientId", "identity", "state", "connection", "protocol", "keepAliveSeconds", "since", "expirySeconds", "expiresAt",
                "subscriptions", "queued", "queuedBytes", "inFlight", "dropped", "slow", "stalledSeconds",
            ]);
        kept.GetProperty("state").GetString().ShouldBe("kept");
        kept.GetProperty("connection").ValueKind.ShouldBe(JsonValueKind.Null);
        kept.GetProperty("queued").GetInt32().ShouldBe(2);
        kept.GetProperty("expirySeconds").GetDouble().ShouldBe(3_600);
        (kept.GetProperty("expiresAt").GetDateTimeOffset() - kept.GetProperty("since").GetDateTimeOffset())
            .ShouldBe(TimeSpan.FromHours(1));
        all.RootElement.GetProperty("sessions")[2].GetProperty("state").GetString().ShouldBe("connected");

        Names(await JsonAsync("/sessions?state=connected")).ShouldBe(["open/1"]);
        Names(await JsonAsync("/sessions?state=kept&sort=-queued&limit=1")).ShouldBe(["kept 1"]);
        Names(await JsonAsync("/sessions?sort=queued&offset=2")).ShouldBe(["kept 1"]);
        Names(await JsonAsync("/sessions?sort=-expiresAt&limit=2")).ShouldBe(["kept 2", "kept 1"]);
        Names(await JsonAsync("/sessions?search=MALL")).ShouldBe(["kept 2"]);
        using var first = await JsonAsync("/sessions?limit=2");
        first.RootElement.GetProperty("truncated").GetBoolean().ShouldBeTrue();
        using var last = await JsonAsync("/sessions?limit=2&offset=1");
        last.RootElement.GetProperty("truncated").GetBoolean().ShouldBeFalse();
    }

    [Fact]
    public async Task Client_Connected_IsShownWithEverythingOfIt()
    {
        await using var client = await PlainMqttClient.ConnectAsync(_broker, "a/b c", "bob");
        await client.SubscribeAsync("t/#");
        await client.SubscribeAsync("$share/g/s");

        using var json = await JsonAsync("/clients/a%2Fb%20c");

        json.RootElement.EnumerateObject().Select(property => property.Name).ShouldBe(
            ["session", "connection", "subscriptions", "truncated", "identity"]);
        var connection = json.RootElement.GetProperty("connection");
        connection.GetProperty("clientId").GetString().ShouldBe("a/b c");
        connection.GetProperty("id").GetInt64().ShouldBe(json.RootElement.GetProperty("session").GetProperty("connection").GetInt64());
        json.RootElement.GetProperty("subscriptions").EnumerateArray().Select(row => row.GetProperty("filter").GetString())
            .ShouldBe(["$share/g/s", "t/#"]);
        json.RootElement.GetProperty("identity").GetProperty("holds").GetProperty("sessions").GetProperty("held").GetInt64().ShouldBe(1);
    }

    [Fact]
    public async Task Client_Away_HasASessionAndNoConnection()
    {
        await KeepAsync("kept", "bob", messages: 1);

        using var json = await JsonAsync("/clients/kept");

        json.RootElement.GetProperty("connection").ValueKind.ShouldBe(JsonValueKind.Null);
        json.RootElement.GetProperty("session").GetProperty("queued").GetInt32().ShouldBe(1);
        (await AnswerAsync("/clients/nobody")).ShouldBe(
            (HttpStatusCode.NotFound, "there is no session of a client \"nobody\"\n"));
    }

    [Theory]
    [InlineData("?state=gone", "state=\"gone\" is none of connected, kept, slow")]
    [InlineData("?state=", "state=\"\" is none of connected, kept, slow")]
    [InlineData("?state=kept&state=kept", "state is given 2 times")]
    [InlineData("?sort=luck", "sort=\"luck\" is none of clientId, identity")]
    [InlineData("?limit=0", "limit=\"0\" is not a whole number from 1 to 1,000")]
    [InlineData("?offset=x", "offset=\"x\" is not a whole number from 0")]
    [InlineData("?search=a&search=b", "search is given 2 times")]
    public async Task Sessions_QueryWrong_Is400WithASentence(string query, string sentence)
    {
        var (status, body) = await AnswerAsync("/sessions" + query);

        status.ShouldBe(HttpStatusCode.BadRequest);
        body.ShouldStartWith(sentence);
    }

    private static IEnumerable<string?> Names(JsonDocument json) =>
        json.RootElement.GetProperty("sessions").EnumerateArray().Select(row => row.GetProperty("clientId").GetString());

    /// <summary>A client subscribes and goes away; after that messages for it are published.</summary>
    private async Task KeepAsync(string clientId, string identity, int messages)
    {
        await using (var client = await PlainMqttClient.ConnectAsync(_broker, clientId, identity, expiry: 3600))
        {
            await client.SubscribeAsync($"to/{clientId}");
            await client.DisconnectAsync();
            await _broker.HappensAsync<SessionClosed>("its session is kept", closed => closed.Kept && closed.ClientId == clientId);
        }

        await using var publisher = await PlainMqttClient.ConnectAsync(_broker, $"for {clientId}");
        for (var i = 0; i < messages; i++)
        {
            await publisher.PublishAsync($"to/{clientId}");
        }

        await publisher.DisconnectAsync();
        await _broker.HappensAsync<SessionEnded>("the publisher is gone", ended => ended.ClientId == $"for {clientId}");
    }

    private async Task<JsonDocument> JsonAsync(string path) =>
        JsonDocument.Parse(await _http.GetStringAsync(path, TestContext.Current.CancellationToken));

    private async Task<(HttpStatusCode Status, string Body)> AnswerAsync(string path)
    {
        using var response = await _http.GetAsync(path, TestContext.Current.CancellationToken);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }
}
