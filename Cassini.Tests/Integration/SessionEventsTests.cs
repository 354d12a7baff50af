using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Tests.Listening;
using Cassini.Tests.Support;

namespace Cassini.Tests.Integration;

/// <summary>Connections and their sessions over real TLS: for every way in which a client can go, the events balance.</summary>
public class SessionEventsTests
{
    private const uint Hour = 3600;

    public static TheoryData<string, CloseReason> Ways => new()
    {
        { "goodbye", CloseReason.Completed },
        { "drop", CloseReason.PeerClosed },
        { "operator", CloseReason.Disconnected },
        { "crash", CloseReason.Crashed },
        { "take-over", CloseReason.TakenOver },
        { "stop", CloseReason.Shutdown },
    };

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Client_Goes_ItsSessionIsClosedOnceBeforeItsConnection(string way, CloseReason reason)
    {
        await using var broker = await RunningBroker.ServingMqttAsync();
        await using var bystander = await PlainMqttClient.ConnectAsync(broker, "bystander", "bob");
        var client = await PlainMqttClient.ConnectAsync(broker, "a", expiry: Hour);
        var id = broker.Host.Connections.List().Single(row => row.ClientId == "a").Id;

        await GoAsync(broker, client, id, way);
        await broker.HappensAsync<ConnectionClosed>("the connection is closed", closed => closed.ConnectionId == id);
        await Eventually.CompletesAsync("the broker stops", broker.Host.StopAsync(TestContext.Current.CancellationToken));

        var events = broker.Events().Select(envelope => envelope.Event).ToList();
        events.OfType<SessionClosed>().Single(closed => closed.ConnectionId == id).ShouldSatisfyAllConditions(
            closed => closed.Reason.ShouldBe(reason), closed => closed.ClientId.ShouldBe("a"), closed => closed.Kept.ShouldBeTrue());
        EventBalance.Of(events).ShouldBeWhole();
        SessionBalance.Of(events).ShouldBeWhole();
        var counts = broker.Now.Counts;
        counts.Anomalies.ShouldBe(0);
        counts.OpenSessions.ShouldBe(0);
        counts.SessionsOpened.ShouldBe(counts.SessionsClosed.Sum());
        counts.ConnectionsOpened.ShouldBe(counts.ConnectionsClosed.Sum());
        counts.SessionsClosed[(int)reason].ShouldBeGreaterThan(0);
        await client.DisposeAsync();
    }

    [Fact]
    public async Task Client_ThatNeverConnects_HasAConnectionAndNoSession()
    {
        await using var broker = await RunningBroker.ServingMqttAsync();
        await using (await broker.ConnectAsync())
        {
            broker.Host.Connections.List().ShouldHaveSingleItem().ClientId.ShouldBeNull();
        }

        await broker.HappensAsync<ConnectionClosed>("the connection is closed");
        broker.Now.Counts.SessionsOpened.ShouldBe(0);
        broker.Now.Counts.ConnectionsOpened.ShouldBe(1);
    }

    // Client libraries report a normal end when no DISCONNECT comes.
    [Fact]
    public async Task Client_WhoseConnectionIsCrashed_IsTold()
    {
        await using var broker = await RunningBroker.ServingMqttAsync();
        await using var client = await PlainMqttClient.ConnectAsync(broker, "a");
        var id = broker.Host.Connections.List().Single(row => row.ClientId == "a").Id;

        broker.Host.Rehearsals.CrashConnection(id).ShouldBeTrue();

        (await client.ExpectDisconnectAsync()).ShouldBe(ReasonCode.UnspecifiedError);
    }

    private static async Task GoAsync(RunningBroker broker, PlainMqttClient client, long id, string way)
    {
        switch (way)
        {
            case "goodbye":
                await client.DisconnectAsync();
                break;
            case "drop":
                await client.DisposeAsync();
                break;
            case "operator":
                broker.Host.Listeners.Disconnect(id).ShouldBeTrue();
                break;
            case "crash":
                broker.Host.Rehearsals.CrashConnection(id).ShouldBeTrue();
                break;
            case "take-over":
                await (await PlainMqttClient.ConnectAsync(broker, "a", expiry: Hour)).DisposeAsync();
                break;
            case "stop":
                await Eventually.CompletesAsync("the broker stops", broker.Host.StopAsync(TestContext.Current.CancellationToken));
                break;
        }
    }
}
