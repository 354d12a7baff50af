using System.Text;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Properties;
using Cassini.Tests.Support;

namespace Cassini.Tests.Broker;

/// <summary>Retained messages that a session sends before their turn, and what remembering them costs.</summary>
public class RetainedAheadTests
{
    private const int Ahead = 500;

    [Fact]
    public async Task SentAhead_UntilItsTurn_CountsInTheMemoryBudget()
    {
        await using var rig = new BrokerRig();
        var client = await StuckAsync(rig, maximumPacketSize: null, size: 10);
        var before = rig.Broker.Budget.Used;

        for (var i = 0; i < Ahead; i++)
        {
            await rig.Broker.PublishAsync(Message($"t/{i}", "new", retain: false));
            (await client.ExpectAsync<ReceivedPublish>()).Retain.ShouldBeTrue();
            await client.ExpectPublishAsync($"t/{i}", "new");
        }

        await client.ExpectNothingAsync();
        (rig.Broker.Budget.Used - before).ShouldBeInRange(Ahead * 32, Ahead * 256);
        await AcknowledgeStuckAsync(client);
        await client.ExpectNothingAsync();
        await Eventually.HoldsAsync("the burst ends", () => rig.Broker.Sessions.Find("a")!.Deliveries.Backlog == 0);
        rig.Broker.Budget.Used.ShouldBeLessThanOrEqualTo(before);
    }

    [Fact]
    public async Task SentAhead_SessionEnds_GivesTheMemoryBack()
    {
        await using var rig = new BrokerRig();
        await RetainAsync(rig, 10);
        var before = rig.Broker.Budget.Used;
        var connection = await SubscribeStuckAsync(rig, maximumPacketSize: null);
        for (var i = 0; i < Ahead; i++)
        {
            await rig.Broker.PublishAsync(Message($"t/{i}", "new", retain: false));
            await connection.Client.ExpectAsync<ReceivedPublish>();
            await connection.Client.ExpectAsync<ReceivedPublish>();
        }

        await connection.LoseAsync();

        rig.Broker.Budget.Used.ShouldBe(before);
    }

    // Otherwise it might come after the newer one, on a later connection that accepts it.
    [Fact]
    public async Task Ahead_TooLargeForTheClient_IsSettledAndCountedOnce()
    {
        await using var rig = new BrokerRig();
        var client = await StuckAsync(rig, maximumPacketSize: 200, size: 1_000);
        var before = rig.Broker.Budget.Used;

        for (var i = 0; i < 2 * Ahead; i++)
        {
            await rig.Broker.PublishAsync(Message($"t/{i % Ahead}", "new", retain: false));
            await client.ExpectPublishAsync($"t/{i % Ahead}", "new");
        }

        await client.ExpectNothingAsync();
        rig.Broker.Counters.TooLarge.ShouldBe(Ahead);
        (rig.Broker.Budget.Used - before).ShouldBeInRange(Ahead * 32, Ahead * 256);
        await AcknowledgeStuckAsync(client);
        await client.ExpectNothingAsync();
        await Eventually.HoldsAsync("the burst ends", () => rig.Broker.Sessions.Find("a")!.Deliveries.Backlog == 0);
        rig.Broker.Counters.TooLarge.ShouldBe(Ahead);
        rig.Broker.Budget.Used.ShouldBeLessThanOrEqualTo(before);
    }

    private static async Task<MqttTestClient> StuckAsync(BrokerRig rig, uint? maximumPacketSize, int size)
    {
        await RetainAsync(rig, size);
        return (await SubscribeStuckAsync(rig, maximumPacketSize)).Client;
    }

    private static async Task RetainAsync(BrokerRig rig, int size)
    {
        await rig.Broker.PublishAsync(Message("first", "old", QualityOfService.AtLeastOnce));
        await rig.Broker.PublishAsync(Message("second", "old", QualityOfService.AtLeastOnce));
        for (var i = 0; i < Ahead; i++)
        {
            await rig.Broker.PublishAsync(Message($"t/{i}", new string('x', size)));
        }
    }

    /// <summary>It takes nothing of QoS 1 but the first, so the burst comes no further until that is acknowledged.</summary>
    private static async Task<RigConnection> SubscribeStuckAsync(BrokerRig rig, uint? maximumPacketSize)
    {
        var connection = await rig.OpenAsync(
            "a",
            change: connect => connect with { Properties = new PropertySet { ReceiveMaximum = 1, MaximumPacketSize = maximumPacketSize } });
        await connection.Client.SubscribeAsync("#");
        await connection.Client.ExpectPublishAsync("first", "old");
        return connection;
    }

    private static async Task AcknowledgeStuckAsync(MqttTestClient client)
    {
        await client.AckAsync(PacketType.PubAck, 1);
        await client.AckAsync(PacketType.PubAck, (await client.ExpectPublishAsync("second", "old")).PacketId);
    }

    private static MqttMessage Message(
        string topic, string text, QualityOfService qos = QualityOfService.AtMostOnce, bool retain = true) =>
        new() { Topic = topic, Payload = Encoding.UTF8.GetBytes(text), Retain = retain, QoS = qos };
}
