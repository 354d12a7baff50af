using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Mqtt.Properties;
using Cassini.Tests.Mqtt;

namespace Cassini.Tests.Broker;

/// <summary>Where MQTT 3.1 differs from 3.1.1.</summary>
public class OldVersionTests
{
    private const int V31 = 3;

    [Fact]
    public async Task Session_OfMqtt31_IsReportedAsThat()
    {
        await using var rig = new BrokerRig();
        await rig.ConnectAsync("old", V31);

        rig.Events.Of<SessionOpened>().ShouldHaveSingleItem().Protocol.ShouldBe("MQTT 3.1");
    }

    [Fact]
    public async Task ConnAck_OfASessionThatGoesOn_DoesNotSaySo()
    {
        await using var rig = new BrokerRig();
        var first = await rig.OpenAsync("old", V31, BrokerRig.Lasting);
        await first.Client.SubscribeAsync("t", QualityOfService.AtLeastOnce);
        await first.DisconnectAsync();

        var again = await rig.OpenAsync("old", V31, BrokerRig.Lasting);

        again.Answer!.SessionPresent.ShouldBeFalse();
        rig.Events.Of<SessionOpened>()[^1].SessionPresent.ShouldBeTrue();
        rig.Broker.GetSubscriptions("t").Count.ShouldBe(1);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ClientId_Empty_IsRefusedWithTwo(bool isClean)
    {
        await using var rig = new BrokerRig();
        var connection = rig.Open(V31);

        var answer = await connection.Client.ExpectRefusalAsync(connection.Client.Connect("") with { CleanStart = isClean });

        ((int)answer.Reason).ShouldBe(2);
    }

    [Fact]
    public async Task Level_Unknown_IsRefusedWithOne()
    {
        await using var rig = new BrokerRig();
        var connection = rig.Open(V31);
        await connection.Client.SendAsync(Notation.Bytes("10 [ 'MQIsdp' 04 02 003C 'c' ]"));

        ((int)(await connection.Client.ExpectAsync<ConnAckPacket>()).Reason).ShouldBe(1);
        await connection.Client.ExpectEndAsync();
    }

    [Fact]
    public async Task Subscription_Denied_IsAnsweredWithTheQoSAskedForAndReported()
    {
        await using var rig = new BrokerRig();
        var client = await rig.ConnectAsync("old", V31);

        // Topics under $ are nobody's, unless a rule says so.
        var answer = await client.SubscribeAsync(
            [
                new SubscriptionRequest("a", QualityOfService.AtLeastOnce, false, false, RetainHandling.Send),
                new SubscriptionRequest("$secret/a", QualityOfService.ExactlyOnce, false, false, RetainHandling.Send),
            ],
            PropertySet.Empty);

        answer.Reasons.ShouldBe([ReasonCode.GrantedQoS1, ReasonCode.GrantedQoS2]);
        rig.Broker.GetSubscriptions("$secret/a").ShouldBeEmpty();
        rig.Events.Of<AccessDenied>().ShouldHaveSingleItem().Topic.ShouldBe("$secret/a");
    }

    [Fact]
    public async Task Bridge_OfMqtt31_IsServedAsOne()
    {
        await using var rig = new BrokerRig();
        var bridge = await rig.ConnectAsync("bridge", V31, connect => connect with { IsBridge = true });
        await bridge.SubscribeAsync("t", QualityOfService.AtLeastOnce);

        // What it published itself does not come back.
        await bridge.PublishAsync("t", "mine", QualityOfService.AtLeastOnce);
        await bridge.ExpectNothingAsync();
    }

    [Fact]
    public async Task SubscribeAndUnsubscribe_SentAgain_AreAnswered()
    {
        await using var rig = new BrokerRig();
        var client = await rig.ConnectAsync("old", V31);

        await client.SendAsync(Notation.Bytes("8A [ 0001 't' 01 ]"));
        (await client.ExpectAsync<SubAckPacket>()).Type.ShouldBe(PacketType.SubAck);
        await client.SendAsync(Notation.Bytes("AA [ 0002 't' ]"));
        (await client.ExpectAsync<SubAckPacket>()).Type.ShouldBe(PacketType.UnsubAck);
    }

    [Fact]
    public async Task Messages_BetweenAllVersions_Arrive()
    {
        await using var rig = new BrokerRig();
        foreach (var (from, to) in new[] { (3, 3), (3, 4), (4, 3), (3, 5), (5, 3) })
        {
            var subscriber = await rig.ConnectAsync($"s{from}{to}", to);
            var publisher = await rig.ConnectAsync($"p{from}{to}", from);
            await subscriber.SubscribeAsync("t", QualityOfService.AtLeastOnce);
            await publisher.PublishAsync("t", "hello", QualityOfService.AtLeastOnce);

            await subscriber.ExpectPublishAsync("t", "hello");
            await subscriber.UnsubscribeAsync("t");
        }
    }
}
