using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;

namespace Cassini.Tests.Broker;

/// <summary>Which copies of a message a subscriber gets (MQTT 5.0 §3.3.4, §3.8.3.1).</summary>
public class SubscriptionTests
{
    // [MQTT-3.3.4-2], [MQTT-3.3.4-3], [MQTT-3.3.4-4]
    [Fact]
    public async Task Subscriptions_ThatOverlap_GiveOneCopyWithTheHighestQoSAndAllIdentifiers()
    {
        await using var rig = new BrokerRig();
        var client = await rig.ConnectAsync("a");
        await client.SubscribeAsync("t/+", QualityOfService.AtMostOnce, identifier: 1);
        await client.SubscribeAsync("t/#", QualityOfService.ExactlyOnce, identifier: 268_435_455);
        await client.SubscribeAsync("t/1", QualityOfService.AtLeastOnce);
        await client.SubscribeAsync("other", QualityOfService.AtLeastOnce, identifier: 3);
        await (await rig.ConnectAsync("p")).PublishAsync("t/1", "1", QualityOfService.ExactlyOnce);
        var message = await client.ExpectPublishAsync("t/1", "1");
        message.QoS.ShouldBe(QualityOfService.ExactlyOnce);
        message.Properties.SubscriptionIdentifiers.ShouldBe([1, 268_435_455], ignoreOrder: true);
        await client.ExpectNothingAsync();
    }

    // 3.1.1 [MQTT-3.3.5-1]
    [Fact]
    public async Task Subscriptions_ThatOverlapInMqtt311_GiveTheHighestQoS()
    {
        await using var rig = new BrokerRig();
        var client = await rig.ConnectAsync("a", 4);
        await client.SubscribeAsync("t/+", QualityOfService.AtMostOnce);
        await client.SubscribeAsync("t/#", QualityOfService.AtLeastOnce);
        await (await rig.ConnectAsync("p")).PublishAsync("t/1", "1", QualityOfService.ExactlyOnce);
        (await client.ExpectPublishAsync("t/1", "1")).QoS.ShouldBe(QualityOfService.AtLeastOnce);
        await client.ExpectNothingAsync();
    }

    // §3.8.4: the QoS is the lower of published and granted.
    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(0, 2, 0)]
    [InlineData(1, 0, 0)]
    [InlineData(1, 2, 1)]
    [InlineData(2, 1, 1)]
    [InlineData(2, 2, 2)]
    public async Task QoS_Delivered_IsTheLowerOne(int published, int granted, int delivered)
    {
        await using var rig = new BrokerRig();
        foreach (var version in new[] { 4, 5 })
        {
            var client = await rig.ConnectAsync($"c{version}", version);
            await client.SubscribeAsync("t", (QualityOfService)granted);
            await (await rig.ConnectAsync("p")).PublishAsync("t", "1", (QualityOfService)published);
            (await client.ExpectPublishAsync("t", "1")).QoS.ShouldBe((QualityOfService)delivered);
        }
    }

    // [MQTT-3.3.1-12], [MQTT-3.3.1-13]; 3.1.1 [MQTT-3.3.1-9]
    [Theory]
    [InlineData(5, false, 0, false)]
    [InlineData(5, true, 0, true)]
    [InlineData(5, false, 1, false)]
    [InlineData(5, true, 1, true)]
    [InlineData(4, false, 0, false)]
    [InlineData(4, false, 1, false)]
    public async Task RetainFlag_RetainAsPublished_IsKept(int version, bool asPublished, int qos, bool expected)
    {
        await using var rig = new BrokerRig();
        var client = await rig.ConnectAsync("a", version);
        await client.SubscribeAsync(new SubscriptionRequest("t", (QualityOfService)qos, false, asPublished, RetainHandling.Send));
        var publisher = await rig.ConnectAsync("p", version);
        await publisher.PublishAsync("t", "1", (QualityOfService)qos, retain: true);
        (await client.ExpectPublishAsync("t", "1")).Retain.ShouldBe(expected);
        await publisher.PublishAsync("t", "2", (QualityOfService)qos);
        (await client.ExpectPublishAsync("t", "2")).Retain.ShouldBeFalse();
    }

    // [MQTT-3.8.3-3]
    [Fact]
    public async Task NoLocal_OwnMessages_AreNotDelivered()
    {
        await using var rig = new BrokerRig();
        var client = await rig.ConnectAsync("a");
        await client.SubscribeAsync(new SubscriptionRequest("t", QualityOfService.AtLeastOnce, NoLocal: true, false, RetainHandling.Send));
        await client.PublishAsync("t", "mine");
        await client.PublishAsync("t", "mine", QualityOfService.AtLeastOnce);
        await (await rig.ConnectAsync("p")).PublishAsync("t", "theirs");
        await client.ExpectPublishAsync("t", "theirs");
    }

    [Fact]
    public async Task NoLocal_OnOneOfTwoSubscriptions_DoesNotAffectTheOther()
    {
        await using var rig = new BrokerRig();
        var client = await rig.ConnectAsync("a");
        await client.SubscribeAsync(
            new SubscriptionRequest("t", QualityOfService.ExactlyOnce, NoLocal: true, false, RetainHandling.Send), identifier: 1);
        await client.SubscribeAsync(
            new SubscriptionRequest("#", QualityOfService.AtMostOnce, NoLocal: false, false, RetainHandling.Send), identifier: 2);
        await client.SendAsync(client.Publish("t", "mine", QualityOfService.AtLeastOnce, 9));
        var packets = new[] { await client.ExpectAsync<object>(), await client.ExpectAsync<object>() };
        var mine = packets.OfType<ReceivedPublish>().ShouldHaveSingleItem();
        mine.QoS.ShouldBe(QualityOfService.AtMostOnce);
        mine.Properties.SubscriptionIdentifiers.ShouldBe([2]);
        await (await rig.ConnectAsync("p")).PublishAsync("t", "theirs", QualityOfService.AtLeastOnce);
        var theirs = await client.ExpectPublishAsync("t", "theirs");
        theirs.QoS.ShouldBe(QualityOfService.AtLeastOnce);
        theirs.Properties.SubscriptionIdentifiers.ShouldBe([1, 2], ignoreOrder: true);
    }

    // 3.1.1 has no such option: a client gets its own messages.
    [Fact]
    public async Task OwnMessages_InMqtt311_AreDelivered()
    {
        await using var rig = new BrokerRig();
        var client = await rig.ConnectAsync("a", 4);
        await client.SubscribeAsync("t");
        await client.SendAsync(client.Publish("t", "mine"));
        await client.ExpectPublishAsync("t", "mine");
    }
}
