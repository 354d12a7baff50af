using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Tests.Support;

namespace Cassini.Tests.Broker;

/// <summary>Acknowledgements of QoS 1 and 2 in both directions, with a loss at each step (MQTT 5.0 §3.4 to §3.7, §4.3).</summary>
public class AcknowledgementTests
{
    // [MQTT-4.3.2-4], §3.4.2.1
    [Theory]
    [InlineData(4, 0, 0)]
    [InlineData(5, 0x10, 0)]
    public async Task Publish_QoS1_IsAcknowledgedWithWhetherAnyoneSubscribed(int version, int withoutSubscriber, int withSubscriber)
    {
        await using var rig = new BrokerRig();
        var publisher = await rig.ConnectAsync("p", version);
        (await publisher.PublishAsync("t", "1", QualityOfService.AtLeastOnce)).ShouldBe((ReasonCode)withoutSubscriber);
        (await publisher.PublishAsync("t", "1", QualityOfService.ExactlyOnce)).ShouldBe((ReasonCode)withoutSubscriber);
        await (await rig.ConnectAsync("a")).SubscribeAsync("t");
        (await publisher.PublishAsync("t", "1", QualityOfService.AtLeastOnce)).ShouldBe((ReasonCode)withSubscriber);
    }

    // [MQTT-4.3.3-10], [MQTT-4.3.3-12]; 3.1.1 [MQTT-4.3.3-2]
    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Publish_QoS2Twice_IsDeliveredOnceUntilItIsReleased(int version)
    {
        await using var rig = new BrokerRig();
        var client = await rig.ConnectAsync("a");
        await client.SubscribeAsync("t", QualityOfService.AtMostOnce);
        var publisher = await rig.ConnectAsync("p", version);
        await publisher.SendAsync(publisher.Publish("t", "1", QualityOfService.ExactlyOnce, 5));
        await publisher.ExpectAckAsync(PacketType.PubRec, 5);
        await publisher.SendAsync(publisher.Publish("t", "1", QualityOfService.ExactlyOnce, 5, dup: true));
        (await publisher.ExpectAckAsync(PacketType.PubRec, 5)).ShouldBe(ReasonCode.Success);
        await client.ExpectPublishAsync("t", "1");
        await client.ExpectNothingAsync();
        await publisher.AckAsync(PacketType.PubRel, 5);
        (await publisher.ExpectAckAsync(PacketType.PubComp, 5)).ShouldBe(ReasonCode.Success);
        await publisher.SendAsync(publisher.Publish("t", "2", QualityOfService.ExactlyOnce, 5));
        await client.ExpectPublishAsync("t", "2");
    }

    // A QoS 2 message whose sender lost the PUBREC, over a reconnect and a take-over.
    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Publish_QoS2AgainAfterALoss_IsDeliveredOnce(int version)
    {
        await using var rig = new BrokerRig();
        var client = await rig.ConnectAsync("a");
        await client.SubscribeAsync("t", QualityOfService.AtMostOnce);
        var first = await rig.OpenAsync("p", version, BrokerRig.Lasting);
        await first.Client.SendAsync(first.Client.Publish("t", "1", QualityOfService.ExactlyOnce, 5));
        await client.ExpectPublishAsync("t", "1");
        await first.LoseAsync();

        var second = await rig.OpenAsync("p", version, BrokerRig.Lasting);
        await second.Client.SendAsync(second.Client.Publish("t", "1", QualityOfService.ExactlyOnce, 5, dup: true));
        await second.Client.ExpectAckAsync(PacketType.PubRec, 5);
        var third = await rig.OpenAsync("p", version, BrokerRig.Lasting);
        await third.Client.AckAsync(PacketType.PubRel, 5);
        (await third.Client.ExpectAckAsync(PacketType.PubComp, 5)).ShouldBe(ReasonCode.Success);
        await client.ExpectNothingAsync();
    }

    // §3.6.2.1: unknown identifiers; 3.1.1 has no reason codes, and the broker answers PUBCOMP.
    [Theory]
    [InlineData(4, 0)]
    [InlineData(5, 0x92)]
    public async Task UnknownIdentifier_Acknowledged_IsAnsweredAsUnknown(int version, int expected)
    {
        await using var rig = new BrokerRig();
        var client = await rig.ConnectAsync("a", version);
        await client.AckAsync(PacketType.PubRel, 7);
        (await client.ExpectAckAsync(PacketType.PubComp, 7)).ShouldBe((ReasonCode)expected);
        await client.AckAsync(PacketType.PubRec, 7);
        (await client.ExpectAckAsync(PacketType.PubRel, 7)).ShouldBe((ReasonCode)expected);
        await client.AckAsync(PacketType.PubAck, 7);
        await client.AckAsync(PacketType.PubComp, 7);
        await client.ExpectNothingAsync();
    }

    // §4.3.3: no PUBREL follows a PUBREC of an error, whether its identifier is known or not.
    [Fact]
    public async Task PubRec_OfAnError_EndsTheDelivery()
    {
        await using var rig = new BrokerRig();
        var connection = await rig.OpenAsync("a", change: BrokerRig.Lasting);
        await connection.Client.SubscribeAsync("t");
        var publisher = await rig.ConnectAsync("p");
        await publisher.PublishAsync("t", "1", QualityOfService.ExactlyOnce);
        var message = await connection.Client.ExpectPublishAsync("t", "1");
        await connection.Client.AckAsync(PacketType.PubRec, message.PacketId, ReasonCode.QuotaExceeded);
        await connection.Client.ExpectNothingAsync();
        await connection.Client.AckAsync(PacketType.PubRec, message.PacketId, ReasonCode.QuotaExceeded);
        await connection.Client.ExpectNothingAsync();
        await connection.LoseAsync();
        await (await rig.ConnectAsync("a", change: BrokerRig.Lasting)).ExpectNothingAsync();
        rig.Broker.Sessions.Find("a")!.Deliveries.Backlog.ShouldBe(0);
    }

    // §4.3.2, §4.3.3 of both versions: the sequences of the conformance suites.
    [Theory]
    [InlineData(1, nameof(PacketType.PubRec))]
    [InlineData(1, nameof(PacketType.PubComp))]
    [InlineData(2, nameof(PacketType.PubAck))]
    [InlineData(2, nameof(PacketType.PubComp))]
    public async Task Acknowledgement_OfAnotherQoSOrBeforeItsTurn_EndsTheConnection(int qos, string type)
    {
        foreach (var version in new[] { 4, 5 })
        {
            await using var rig = new BrokerRig();
            var connection = await OpenWithMessageAsync(rig, version, (QualityOfService)qos);
            var id = (await connection.Client.ExpectPublishAsync("t", "1")).PacketId;
            await connection.Client.AckAsync(Enum.Parse<PacketType>(type), id);
            await connection.Client.ExpectClosedAsync(ReasonCode.ProtocolError);
            connection.Closing.ShouldBe(CloseReason.ProtocolError);
        }
    }

    [Theory]
    [InlineData(nameof(PacketType.PubAck), 0x00)]
    [InlineData(nameof(PacketType.PubRec), 0x97)]
    public async Task Acknowledgement_AfterPubRecAndPubRel_EndsTheConnection(string type, int reason)
    {
        await using var rig = new BrokerRig();
        var connection = await OpenWithMessageAsync(rig, 5, QualityOfService.ExactlyOnce);
        var id = (await connection.Client.ExpectPublishAsync("t", "1")).PacketId;
        await connection.Client.AckAsync(PacketType.PubRec, id);
        await connection.Client.ExpectAckAsync(PacketType.PubRel, id);
        await connection.Client.AckAsync(Enum.Parse<PacketType>(type), id, (ReasonCode)reason);
        await connection.Client.ExpectClosedAsync(ReasonCode.ProtocolError);
        connection.Closing.ShouldBe(CloseReason.ProtocolError);
    }

    // The message is not acknowledged by what contradicts it, so its session has it still.
    [Fact]
    public async Task Acknowledgement_OfAnotherQoS_LeavesTheMessageToTheSession()
    {
        await using var rig = new BrokerRig();
        var connection = await OpenWithMessageAsync(rig, 5, QualityOfService.ExactlyOnce);
        var id = (await connection.Client.ExpectPublishAsync("t", "1")).PacketId;
        await connection.Client.AckAsync(PacketType.PubAck, id);
        await connection.Client.ExpectClosedAsync(ReasonCode.ProtocolError);
        await Eventually.CompletesAsync("the session is left", connection.Served);
        var again = await rig.ConnectAsync("a", change: BrokerRig.Lasting);
        var message = await again.ExpectPublishAsync("t", "1");
        (message.PacketId, message.Dup).ShouldBe((id, true));
    }

    // A client that lost the PUBREL asks once more.
    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task PubRec_Repeated_IsAnsweredWithPubRelAgain(int version)
    {
        await using var rig = new BrokerRig();
        var client = (await OpenWithMessageAsync(rig, version, QualityOfService.ExactlyOnce)).Client;
        var id = (await client.ExpectPublishAsync("t", "1")).PacketId;
        for (var i = 0; i < 2; i++)
        {
            await client.AckAsync(PacketType.PubRec, id);
            (await client.ExpectAckAsync(PacketType.PubRel, id)).ShouldBe(ReasonCode.Success);
        }

        await client.AckAsync(PacketType.PubComp, id);
        await client.ExpectNothingAsync();
    }

    private static async Task<RigConnection> OpenWithMessageAsync(BrokerRig rig, int version, QualityOfService qos)
    {
        var connection = await rig.OpenAsync("a", version, BrokerRig.Lasting);
        await connection.Client.SubscribeAsync("t");
        await (await rig.ConnectAsync("p")).PublishAsync("t", "1", qos);
        return connection;
    }
}
