using System.Net;
using System.Text.Json;
using Cassini.Management;
using Cassini.Management.Http;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cassini.Tests.Integration;

/// <summary>An operator makes room over HTTP, at a real broker with real clients.</summary>
public sealed class RemedyTests : IAsyncLifetime
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
    public async Task DeleteSession_OfAClient_EndsItAndSaysWhoAsked()
    {
        await using var client = await PlainMqttClient.ConnectAsync(_broker, "a/b c", expiry: 3600);

        var (status, body) = await DeleteAsync("/sessions/a%2Fb%20c");

        status.ShouldBe(HttpStatusCode.OK, body);
        body.ShouldBe("""{"action":"endSession","target":"a/b c","connections":1,"sessions":1,"retained":0}""");
        (await client.ReceiveAsync("the broker says goodbye")).ShouldBeNull();
        (await _broker.HappensAsync<RemedyApplied>("it is published")).ShouldBe(
            new RemedyApplied(RemedyAction.EndSession, "a/b c", "a caller without credentials from 127.0.0.1", 1, 1));
        (await DeleteAsync("/sessions/a%2Fb%20c")).ShouldBe(
            (HttpStatusCode.NotFound, "there is no session of a client \"a/b c\"\n"));
    }

    [Fact]
    public async Task DeleteIdentity_WithSessions_EndsThemAll()
    {
        await using var open = await PlainMqttClient.ConnectAsync(_broker, "open", "mallory", expiry: 3600);
        await using var other = await PlainMqttClient.ConnectAsync(_broker, "other");
        await using (var kept = await PlainMqttClient.ConnectAsync(_broker, "kept", "mallory", expiry: 3600))
        {
            await kept.DisconnectAsync();
            await _broker.HappensAsync<SessionClosed>("its session is kept", closed => closed.Kept);
        }

        var (_, body) = await DeleteAsync("/identities/mallory");

        body.ShouldBe("""{"action":"endIdentity","target":"mallory","connections":1,"sessions":2,"retained":0}""");
        (await open.ReceiveAsync("the broker says goodbye")).ShouldBeNull();
        (await other.PublishAsync("t")).ShouldBe(ReasonCode.NoMatchingSubscribers);
        await Eventually.BecomesAsync(
            "nothing of it is left", async ValueTask<HttpStatusCode> () => (await DeleteAsync("/identities/mallory")).Status,
            status => status == HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task DeleteIdentity_KeepsSessions_ClosesConnectionsOnly()
    {
        await using var open = await PlainMqttClient.ConnectAsync(_broker, "open", "mallory", expiry: 3600);

        var (_, body) = await DeleteAsync("/identities/mallory?sessions=keep");

        body.ShouldBe("""{"action":"disconnectIdentity","target":"mallory","connections":1,"sessions":0,"retained":0}""");
        (await open.ReceiveAsync("the broker says goodbye")).ShouldBeNull();
        (await _broker.HappensAsync<SessionClosed>("it is closed")).Kept.ShouldBeTrue();
        _broker.Mqtt.Broker.Statistics.Sessions.ShouldBe(1);
    }

    [Fact]
    public async Task DeleteRetained_AFilter_AnswersTheNumber()
    {
        foreach (var topic in (string[])["old/1", "old/2", "new/1"])
        {
            await _broker.Mqtt.Broker.PublishAsync(
                new MqttMessage { Topic = topic, Payload = new byte[1], Retain = true }, TestContext.Current.CancellationToken);
        }

        (await DeleteAsync("/retained?filter=old/%23")).Body.ShouldBe(
            """{"action":"purgeRetained","target":"old/#","connections":0,"sessions":0,"retained":2}""");
        (await DeleteAsync("/retained?filter=%23")).Body.ShouldContain("\"retained\":1");
    }

    [Theory]
    [InlineData("/retained", "the filter is missing: /retained?filter=FILTER, with # as %23 and + as %2B")]
    [InlineData("/retained?filter=a/%23/b", "\"a/#/b\" is not a topic filter (a plus sign in a query stands for a space, %2B for itself)")]
    [InlineData("/retained?filter=$share/g/a", "\"$share/g/a\" is not a topic filter "
        + "(a plus sign in a query stands for a space, %2B for itself)")]
    [InlineData("/retained?filter=$SYS/%23", "the broker's own topics under $SYS/ cannot be removed")]
    [InlineData("/identities/mallory?sessions=end", "sessions=\"end\" is not keep; leave it out to end them")]
    public async Task Delete_WithAWrongParameter_Is400(string path, string sentence) =>
        (await DeleteAsync(path)).ShouldBe((HttpStatusCode.BadRequest, sentence + "\n"));

    [Fact]
    public async Task Identities_WithSessions_AreListedByWhatTheyHold()
    {
        await using var one = await PlainMqttClient.ConnectAsync(_broker, "1", "mallory");
        await using var two = await PlainMqttClient.ConnectAsync(_broker, "2", "mallory");
        await using var three = await PlainMqttClient.ConnectAsync(_broker, "3", "alice");

        using var all = JsonDocument.Parse(await _http.GetStringAsync("/identities?by=sessions", TestContext.Current.CancellationToken));

        all.RootElement.GetProperty("limits").GetProperty("sessions").GetInt64().ShouldBe(_broker.Mqtt.Options.Broker.MaxSessions);
        var rows = all.RootElement.GetProperty("identities").EnumerateArray().ToList();
        rows.Select(row => row.GetProperty("identity").GetString()).Take(2).ShouldBe(["mallory", "alice"]);
        var sessions = rows[0].GetProperty("holds").GetProperty("sessions");
        sessions.GetProperty("held").GetInt64().ShouldBe(2);
        sessions.GetProperty("share").GetInt64().ShouldBe(_broker.Mqtt.Options.Broker.MaxSessions / 10);
        rows[0].GetProperty("holds").GetProperty("connections").GetProperty("held").GetInt64().ShouldBe(2);

        using var first = JsonDocument.Parse(await _http.GetStringAsync("/identities?limit=1", TestContext.Current.CancellationToken));
        first.RootElement.GetProperty("truncated").GetBoolean().ShouldBeTrue();
        first.RootElement.GetProperty("identities").GetArrayLength().ShouldBe(1);
        using var wrong = await _http.GetAsync("/identities?by=luck", TestContext.Current.CancellationToken);
        wrong.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
    }

    private async Task<(HttpStatusCode Status, string Body)> DeleteAsync(string path)
    {
        using var response = await _http.DeleteAsync(path, TestContext.Current.CancellationToken);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }
}
