using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Properties;

namespace Cassini.Tests.Broker;

/// <summary>Packets over the maximum of either side (MQTT 5.0 §3.1.2.11.4, §3.2.2.3.6).</summary>
public class PacketSizeTests
{
    // [MQTT-3.2.2-15] towards the broker: larger packets end the connection.
    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Packet_OverTheBrokersMaximum_Closes(int version)
    {
        await using var rig = new BrokerRig(options => options with { MaxPacketSize = 1024 });
        var connection = await rig.OpenAsync("a", version);
        await connection.Client.SendAsync(connection.Client.Publish("a", new byte[1024]));
        await connection.Client.ExpectClosedAsync(ReasonCode.PacketTooLarge);
        connection.Closing.ShouldBe(CloseReason.ProtocolError);
    }

    // [MQTT-3.1.2-24], [MQTT-3.1.2-25]: left out as if it had been sent, with every QoS.
    [Theory]
    [InlineData(QualityOfService.AtMostOnce)]
    [InlineData(QualityOfService.AtLeastOnce)]
    [InlineData(QualityOfService.ExactlyOnce)]
    public async Task Packet_OverTheClientsMaximum_IsLeftOut(QualityOfService qos)
    {
        await using var rig = new BrokerRig();
        var client = await rig.ConnectAsync("a", change: connect => connect with
        {
            Properties = new PropertySet { MaximumPacketSize = 100, ReceiveMaximum = 1, TopicAliasMaximum = 10 },
        });
        await client.SubscribeAsync("t");
        var publisher = await rig.ConnectAsync("p");
        await publisher.PublishAsync("t", new string('x', 200), qos);
        await client.ExpectNothingAsync();
        await publisher.PublishAsync("t", "small", qos);
        var message = await client.ExpectPublishAsync("t", "small");
        message.Properties.TopicAlias.ShouldBe((ushort)1, "the alias that was to come with the large one is given anew");
        rig.Broker.Counters.TooLarge.ShouldBe(1);
        rig.Broker.Counters.Dropped.ShouldBe(0);
    }
}
