using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
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

    // [MQTT-3.1.2-24] of CONNACK: what the client need not know is left out, from the full form down to the smallest.
    [Theory]
    [InlineData(60, true, true, true)]
    [InlineData(19, false, true, true)]
    [InlineData(16, false, true, true)]
    [InlineData(15, false, false, true)]
    [InlineData(13, false, false, true)]
    [InlineData(12, false, false, false)]
    [InlineData(8, false, false, false)]
    public async Task ConnAck_OverTheClientsMaximum_IsReduced(uint max, bool information, bool aliases, bool size)
    {
        await using var rig = new BrokerRig();
        var connection = await rig.OpenAsync("a", change: connect => connect with
        {
            Properties = new PropertySet { MaximumPacketSize = max, RequestResponseInformation = true },
        });
        var properties = connection.Answer!.Properties;
        (properties.ResponseInformation is not null, properties.TopicAliasMaximum is not null, properties.MaximumPacketSize is not null)
            .ShouldBe((information, aliases, size));
        properties.ReceiveMaximum.ShouldNotBeNull("without it the client might send more than is taken");
        new ConnAckPacket(ReasonCode.Success, false, properties).Write(ProtocolVersion.V500).Length.ShouldBeLessThanOrEqualTo((int)max);
        await connection.Client.ExpectNothingAsync();
    }

    // An identifier that was assigned must be in CONNACK [MQTT-3.2.2-16].
    [Theory]
    [InlineData("a", 7, true)]
    [InlineData("a", 4, false)]
    [InlineData("", 40, true)]
    public async Task ConnAck_SmallestIsOverTheClientsMaximum_Closes(string clientId, uint max, bool isRefused)
    {
        await using var rig = new BrokerRig();
        var connection = rig.Open();
        var connect = connection.Client.Connect(clientId) with { Properties = new PropertySet { MaximumPacketSize = max } };
        await connection.Client.SendAsync(ConnectWriter.Write(connect));
        if (isRefused)
        {
            var answer = await connection.Client.ExpectAsync<ConnAckPacket>();
            answer.Reason.ShouldBe(ReasonCode.PacketTooLarge);
            answer.Write(ProtocolVersion.V500).Length.ShouldBeLessThanOrEqualTo((int)max);
        }

        await connection.Client.ExpectEndAsync();
        connection.Closing.ShouldBe(CloseReason.Refused);
        rig.Broker.Sessions.Count.ShouldBe(0);
    }

    // [MQTT-3.1.2-24] of SUBACK and UNSUBACK: nothing can be left out of them.
    [Theory]
    [InlineData(4, true)]
    [InlineData(5, false)]
    public async Task SubAck_OverTheClientsMaximum_ClosesBeforeAnythingIsDone(int filters, bool isAnswered)
    {
        await using var rig = new BrokerRig();
        foreach (var isUnsubscribe in new[] { false, true })
        {
            var connection = await rig.OpenAsync(
                "a", change: connect => connect with { Properties = new PropertySet { MaximumPacketSize = 9 } });
            string[] names = [.. Enumerable.Range(0, filters).Select(i => $"t/{i}")];
            var packet = isUnsubscribe
                ? new UnsubscribePacket(1, [.. names], PropertySet.Empty).Write(ProtocolVersion.V500)
                : new SubscribePacket(
                    1, [.. names.Select(name => new SubscriptionRequest(name, 0, false, false, RetainHandling.Send))], PropertySet.Empty)
                    .Write(ProtocolVersion.V500);
            await connection.Client.SendAsync(packet);
            if (isAnswered)
            {
                (await connection.Client.ExpectAsync<SubAckPacket>()).Write(ProtocolVersion.V500).Length.ShouldBe(9);
                await connection.Client.ExpectNothingAsync();
            }
            else
            {
                await connection.Client.ExpectClosedAsync(ReasonCode.PacketTooLarge);
                rig.Broker.Tree.Count.ShouldBe(0);
            }
        }
    }

    // The refusal of a CONNECT that breaks the protocol must not be larger either.
    [Theory]
    [InlineData(null, true)]
    [InlineData(10u, false)]
    public async Task Refusal_OfAMalformedConnect_IsAsSmallAsTheClientDemands(uint? max, bool isExplained)
    {
        const int Flags = 9;
        await using var rig = new BrokerRig();
        var client = rig.Open().Client;
        var connect = ConnectWriter.Write(client.Connect("a") with { Properties = new PropertySet { MaximumPacketSize = max } }).ToArray();
        connect[Flags] |= 1;
        await client.SendAsync(connect);
        var refusal = await client.ExpectAsync<ConnAckPacket>();
        refusal.Reason.ShouldBe(ReasonCode.MalformedPacket);
        (refusal.Properties.ReasonString is not null).ShouldBe(isExplained);
    }
}
