using Cassini.Streams.Broker.Model;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Mqtt.Properties;

namespace Cassini.Tests.Broker;

/// <summary>Retained messages (MQTT 5.0 §3.3.1.3, §3.8.3.1).</summary>
public class RetainedTests
{
    // [MQTT-3.3.1-5], [MQTT-3.3.1-8]; 3.1.1 [MQTT-3.3.1-5], [MQTT-3.3.1-6], [MQTT-3.3.1-8]
    [Theory]
    [InlineData(4, 0)]
    [InlineData(5, 0)]
    [InlineData(4, 1)]
    [InlineData(5, 2)]
    public async Task Retained_IsSentToANewSubscriptionAfterItsAnswer(int version, int qos)
    {
        await using var rig = new BrokerRig();
        var publisher = await rig.ConnectAsync("p", version);
        await publisher.PublishAsync("t/1", "first", retain: true);
        await publisher.PublishAsync("t/1", "last", (QualityOfService)qos, retain: true);
        var client = await rig.ConnectAsync("a", version);
        await client.SubscribeAsync("t/+", QualityOfService.AtLeastOnce);
        var message = await client.ExpectPublishAsync("t/1", "last");
        message.Retain.ShouldBeTrue();
        message.QoS.ShouldBe((QualityOfService)Math.Min(qos, 1));
        await client.ExpectNothingAsync();
    }

    // [MQTT-3.3.1-6], [MQTT-3.3.1-7]; 3.1.1 [MQTT-3.3.1-10], [MQTT-3.3.1-11]
    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Retained_ReplacedByAnEmptyOne_IsGone(int version)
    {
        await using var rig = new BrokerRig();
        var before = rig.Broker.Retained.Count;
        var used = rig.Broker.Budget.Used;
        var watcher = await rig.ConnectAsync("w", version);
        await watcher.SubscribeAsync("t");
        var publisher = await rig.ConnectAsync("p", version);
        await publisher.PublishAsync("t", "1", retain: true);
        await watcher.ExpectPublishAsync("t", "1");
        await publisher.PublishAsync("t", "", retain: true);
        (await watcher.ExpectPublishAsync("t", "")).Retain.ShouldBeFalse();
        rig.Broker.Retained.Count.ShouldBe(before);
        var client = await rig.ConnectAsync("a", version);
        await client.SubscribeAsync("t");
        await client.ExpectNothingAsync();
        await publisher.PublishAsync("never/there", "", retain: true);
        rig.Broker.Retained.Count.ShouldBe(before);
    }

    // [MQTT-3.3.1-14] of a message without RETAIN: it neither stores nor removes.
    [Fact]
    public async Task Retained_StaysWhenAMessageIsNotRetained()
    {
        await using var rig = new BrokerRig();
        var publisher = await rig.ConnectAsync("p");
        await publisher.PublishAsync("t", "kept", retain: true);
        await publisher.PublishAsync("t", "passing");
        await publisher.PublishAsync("t", "");
        var client = await rig.ConnectAsync("a");
        await client.SubscribeAsync("t");
        await client.ExpectPublishAsync("t", "kept");
    }

    // [MQTT-3.3.1-9] to [MQTT-3.3.1-11]
    [Theory]
    [InlineData(0, true, true)]
    [InlineData(1, true, false)]
    [InlineData(2, false, false)]
    public async Task RetainHandling_SaysWhenRetainedMessagesAreSent(int handling, bool first, bool again)
    {
        await using var rig = new BrokerRig();
        await (await rig.ConnectAsync("p")).PublishAsync("t", "1", retain: true);
        var client = await rig.ConnectAsync("a");
        foreach (var sent in new[] { first, again })
        {
            await client.SubscribeAsync(new SubscriptionRequest("t", 0, false, false, (RetainHandling)handling));
            if (sent)
            {
                await client.ExpectPublishAsync("t", "1");
            }

            await client.ExpectNothingAsync();
        }
    }

    // 3.1.1 [MQTT-3.8.4-3]
    [Fact]
    public async Task Subscribe_AgainInMqtt311_SendsRetainedMessagesAgain()
    {
        await using var rig = new BrokerRig();
        await (await rig.ConnectAsync("p")).PublishAsync("t", "1", retain: true);
        var client = await rig.ConnectAsync("a", 4);
        await client.SubscribeAsync("t");
        await client.ExpectPublishAsync("t", "1");
        await client.SubscribeAsync("t");
        await client.ExpectPublishAsync("t", "1");
    }

    // §4.8.2
    [Fact]
    public async Task SharedSubscription_GetsNoRetainedMessages()
    {
        await using var rig = new BrokerRig();
        await (await rig.ConnectAsync("p")).PublishAsync("t", "1", retain: true);
        var client = await rig.ConnectAsync("a");
        await client.SubscribeAsync("$share/g/t");
        await client.ExpectNothingAsync();
    }

    // [MQTT-3.3.4-4] of a retained one: with the identifier of the subscription that it is sent for.
    [Fact]
    public async Task Retained_Sent_CarriesTheSubscriptionsIdentifier()
    {
        await using var rig = new BrokerRig();
        await (await rig.ConnectAsync("p")).PublishAsync("t", "1", QualityOfService.AtLeastOnce, retain: true);
        var client = await rig.ConnectAsync("a");
        await client.SubscribeAsync("#", QualityOfService.AtMostOnce, identifier: 5);
        (await client.ExpectPublishAsync("t", "1")).Properties.SubscriptionIdentifiers.ShouldBe([5]);
        await client.SubscribeAsync("t", QualityOfService.AtLeastOnce, identifier: 6);
        (await client.ExpectPublishAsync("t", "1")).Properties.SubscriptionIdentifiers.ShouldBe([6]);
    }

    // [MQTT-3.3.2-5], [MQTT-3.3.2-6], §3.3.2.3.3
    [Fact]
    public async Task Retained_ThatExpires_IsSentWithWhatIsLeftAndThenNotAtAll()
    {
        await using var rig = new BrokerRig();
        var before = rig.Broker.Retained.Count;
        await (await rig.ConnectAsync("p"))
            .PublishAsync("t", "1", QualityOfService.AtLeastOnce, retain: true, new PropertySet { MessageExpiryInterval = 100 });
        rig.Advance(40);
        var client = await rig.ConnectAsync("a");
        await client.SubscribeAsync("t", QualityOfService.AtMostOnce);
        (await client.ExpectPublishAsync("t", "1")).Properties.MessageExpiryInterval.ShouldBe(60u);
        await client.SubscribeAsync("t", QualityOfService.AtLeastOnce);
        (await client.ExpectPublishAsync("t", "1")).Properties.MessageExpiryInterval.ShouldBe(60u);
        rig.Clock.AdvanceBy(TimeSpan.FromSeconds(60));
        await client.SubscribeAsync("t");
        await client.ExpectNothingAsync();
        rig.Advance(0);
        rig.Broker.Retained.Count.ShouldBe(before, "the sweep removes it");
    }

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Retained_OneTooMany_IsDeliveredAndReportedToTheOperator(int version)
    {
        await using var rig = new BrokerRig(options => options with { MaxRetained = 20 });
        var watcher = await rig.ConnectAsync("w", version);
        await watcher.SubscribeAsync("#", QualityOfService.AtMostOnce);
        var publisher = await rig.ConnectAsync("p", version);
        var room = 20 - rig.Broker.Retained.Count;
        for (var i = 0; i < room; i++)
        {
            (await publisher.PublishAsync($"t/{i}", "1", QualityOfService.AtLeastOnce, retain: true)).ShouldBe(ReasonCode.Success);
            await watcher.ExpectPublishAsync($"t/{i}", "1");
        }

        (await publisher.PublishAsync("one/more", "1", QualityOfService.AtLeastOnce, retain: true)).ShouldBe(ReasonCode.Success);
        await watcher.ExpectPublishAsync("one/more", "1");
        rig.Events.Of<AccessDenied>().ShouldHaveSingleItem().Action.ShouldBe("retain");
        (await publisher.PublishAsync("t/0", "2", QualityOfService.AtLeastOnce, retain: true))
            .ShouldBe(ReasonCode.Success, "it replaces one");
        await watcher.ExpectPublishAsync("t/0", "2");
        rig.Broker.Retained.Count.ShouldBe(20);
    }

    // Names with a $ that rules give to clients are clients' names: limits hold for them too.
    [Fact]
    public async Task Retained_UnderADollarThatClientsMayUse_IsLimitedAsWell()
    {
        AccessRule.TryParse("allow publish * $app/#", out var rule, out _).ShouldBeTrue();
        await using var rig = new BrokerRig(
            options => options with { MaxRetained = 30, MaxTopics = 5, Access = [rule, .. AccessRule.Defaults] });
        var publisher = await rig.ConnectAsync("p");
        for (var i = 0; i < 50; i++)
        {
            await publisher.PublishAsync($"$app/{i}", "1", QualityOfService.AtMostOnce, retain: true);
        }

        rig.Broker.Retained.Count.ShouldBe(30);
        rig.Broker.Topics.Count.ShouldBe(5);
    }
}
