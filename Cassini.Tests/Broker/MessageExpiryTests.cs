using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Properties;

namespace Cassini.Tests.Broker;

/// <summary>Messages that expire (MQTT 5.0 §3.3.2.3.3).</summary>
public class MessageExpiryTests
{
    // [MQTT-3.3.2-5], [MQTT-3.3.2-6]
    [Fact]
    public async Task MessageExpiry_InTheQueue_IsReducedByTheWaitAndExpiredMessagesAreDropped()
    {
        await using var rig = new BrokerRig();
        var connection = await rig.OpenAsync("a", change: BrokerRig.Lasting);
        await connection.Client.SubscribeAsync("t");
        await connection.DisconnectAsync();
        var publisher = await rig.ConnectAsync("p");
        await publisher.PublishAsync(
            "t", "short", QualityOfService.AtLeastOnce, properties: new PropertySet { MessageExpiryInterval = 10 });
        await publisher.PublishAsync(
            "t", "long", QualityOfService.ExactlyOnce, properties: new PropertySet { MessageExpiryInterval = 100 });
        await publisher.PublishAsync("t", "ever", QualityOfService.AtLeastOnce);
        rig.Advance(10);
        var client = await rig.ConnectAsync("a", change: BrokerRig.Lasting);
        (await client.ExpectPublishAsync("t", "long")).Properties.MessageExpiryInterval.ShouldBe(90u);
        (await client.ExpectPublishAsync("t", "ever")).Properties.MessageExpiryInterval.ShouldBeNull();
        await client.ExpectNothingAsync();
        rig.Broker.Counters.Expired.ShouldBe(1);
    }

    [Fact]
    public async Task MessageExpiry_MessageIsDeliveredAtOnce_IsPassedOn()
    {
        await using var rig = new BrokerRig();
        var client = await rig.ConnectAsync("a");
        await client.SubscribeAsync("t", QualityOfService.AtLeastOnce);
        var publisher = await rig.ConnectAsync("p");
        foreach (var qos in new[] { QualityOfService.AtMostOnce, QualityOfService.AtLeastOnce })
        {
            await publisher.PublishAsync("t", "1", qos, properties: new PropertySet { MessageExpiryInterval = 7 });
            (await client.ExpectPublishAsync("t", "1")).Properties.MessageExpiryInterval.ShouldBe(7u);
        }
    }
}
