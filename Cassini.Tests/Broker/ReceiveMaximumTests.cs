using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Properties;

namespace Cassini.Tests.Broker;

/// <summary>How many QoS 1 and 2 messages may be under way (MQTT 5.0 §3.3.4, §4.9).</summary>
public class ReceiveMaximumTests
{
    // [MQTT-3.3.4-9], [MQTT-4.9.0-2]
    [Theory]
    [InlineData(QualityOfService.AtLeastOnce)]
    [InlineData(QualityOfService.ExactlyOnce)]
    public async Task ReceiveMaximum_OfTheClient_IsKept(QualityOfService qos)
    {
        await using var rig = new BrokerRig();
        var client = await rig.ConnectAsync("a", change: connect => connect with { Properties = new PropertySet { ReceiveMaximum = 2 } });
        await client.SubscribeAsync("t");
        var publisher = await rig.ConnectAsync("p");
        for (var i = 0; i < 4; i++)
        {
            await publisher.PublishAsync("t", $"{i}", qos);
        }

        await publisher.PublishAsync("t", "QoS 0 is not held back");
        var first = await client.ExpectPublishAsync("t", "0");
        var second = await client.ExpectPublishAsync("t", "1");
        await client.ExpectPublishAsync("t", "QoS 0 is not held back");
        await client.ExpectNothingAsync();
        if (qos == QualityOfService.AtLeastOnce)
        {
            await client.AckAsync(PacketType.PubAck, second.PacketId);
        }
        else
        {
            await client.AckAsync(PacketType.PubRec, first.PacketId);
            await client.ExpectAckAsync(PacketType.PubRel, first.PacketId);
            await client.ExpectNothingAsync();
            await client.AckAsync(PacketType.PubComp, first.PacketId);
        }

        await client.ExpectPublishAsync("t", "2");
        await client.ExpectNothingAsync();
    }

    // A smaller maximum after a reconnect limits resent messages too.
    [Fact]
    public async Task ReceiveMaximum_SmallerAfterAReconnect_LimitsResentMessages()
    {
        await using var rig = new BrokerRig();
        var connection = await rig.OpenAsync("a", change: BrokerRig.Lasting);
        await connection.Client.SubscribeAsync("t");
        var publisher = await rig.ConnectAsync("p");
        for (var i = 0; i < 4; i++)
        {
            await publisher.PublishAsync("t", $"{i}", QualityOfService.AtLeastOnce);
            await connection.Client.ExpectPublishAsync("t", $"{i}");
        }

        await connection.LoseAsync();
        var client = await rig.ConnectAsync("a", change: connect => BrokerRig.Lasting(connect) with
        {
            Properties = new PropertySet { SessionExpiryInterval = 3600, ReceiveMaximum = 1 },
        });
        await publisher.PublishAsync("t", "4", QualityOfService.AtLeastOnce);
        for (var i = 0; i < 5; i++)
        {
            var message = await client.ExpectPublishAsync("t", $"{i}");
            message.Dup.ShouldBe(i < 4);
            await client.ExpectNothingAsync();
            await client.AckAsync(PacketType.PubAck, message.PacketId);
        }

        await client.ExpectNothingAsync();
    }

    // [MQTT-3.3.4-7], [MQTT-3.3.4-8]
    [Fact]
    public async Task ReceiveMaximum_OfTheBrokerExceeded_Closes()
    {
        await using var rig = new BrokerRig(options => options with { ReceiveMaximum = 2 });
        var client = await rig.ConnectAsync("a");
        for (ushort id = 1; id <= 2; id++)
        {
            await client.SendAsync(client.Publish("t", "1", QualityOfService.ExactlyOnce, id));
            await client.ExpectAckAsync(PacketType.PubRec, id);
        }

        (await client.PublishAsync("t", "1", QualityOfService.AtLeastOnce))
            .ShouldBe(ReasonCode.NoMatchingSubscribers, "QoS 1 is acknowledged at once");
        await client.SendAsync(client.Publish("t", "1", QualityOfService.ExactlyOnce, 3));
        await client.ExpectClosedAsync(ReasonCode.ReceiveMaximumExceeded);
    }

    // 3.1.1 has no code for it, and without a limit 65,535 identifiers of each session would be kept.
    [Fact]
    public async Task ReceiveMaximum_InMqtt311_EndsTheConnection()
    {
        await using var rig = new BrokerRig(options => options with { ReceiveMaximum = 2 });
        var connection = await rig.OpenAsync("a", 4);
        for (ushort id = 1; id <= 2; id++)
        {
            await connection.Client.SendAsync(connection.Client.Publish("t", "1", QualityOfService.ExactlyOnce, id));
            await connection.Client.ExpectAckAsync(PacketType.PubRec, id);
        }

        await connection.Client.SendAsync(connection.Client.Publish("t", "1", QualityOfService.ExactlyOnce, 3));
        await connection.Client.ExpectEndAsync();
        connection.Closing.ShouldBe(CloseReason.OutOfMemory);
    }
}
