using Cassini.Streams.Broker.Model;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Mqtt.Properties;
using Cassini.Tests.Support;

namespace Cassini.Tests.Broker;

/// <summary>Requests to subscribe and to unsubscribe, and their answers (MQTT 5.0 §3.8 to §3.11).</summary>
public class SubscribeTests
{
    // One packet must not cause the work of many: a filter counts once.
    [Fact]
    public async Task Subscribe_ToOneFilterManyTimes_SendsRetainedMessagesOnce()
    {
        await using var rig = new BrokerRig(options => options with { MaxSubscriptions = 50 });
        var client = await rig.ConnectAsync("a");
        await client.PublishAsync("t", "kept", QualityOfService.AtLeastOnce, retain: true);
        var request = new SubscriptionRequest("t", QualityOfService.AtMostOnce, false, false, RetainHandling.Send);

        await client.SendAsync(
            new SubscribePacket(9, [.. Enumerable.Repeat(request, 50)], PropertySet.Empty).Write(ProtocolVersion.V500));

        (await client.ExpectAsync<SubAckPacket>()).Reasons.ShouldBe(Enumerable.Repeat(ReasonCode.Success, 50));
        await client.ExpectPublishAsync("t", "kept");
        await client.ExpectNothingAsync();
    }

    // One packet must not cause the work of hundreds of thousands: with more filters than a session may have it is not even decoded.
    [Theory]
    [InlineData(4, true)]
    [InlineData(4, false)]
    [InlineData(5, true)]
    [InlineData(5, false)]
    public async Task MoreFiltersThanASessionMayHave_EndTheConnectionAndSayWhy(int version, bool subscribes)
    {
        await using var rig = new BrokerRig(options => options with { MaxSubscriptions = 50 });
        var (one, many) = (await rig.OpenAsync("a", version), await rig.OpenAsync("b", version));
        await one.Client.SendAsync(Filters(50));
        (await one.Client.ExpectAsync<SubAckPacket>()).Type.ShouldBe(subscribes ? PacketType.SubAck : PacketType.UnsubAck);

        await many.Client.SendAsync(Filters(51));

        if (version == 5)
        {
            var disconnect = await many.Client.ExpectAsync<ReasonPacket>();
            disconnect.Reason.ShouldBe(ReasonCode.QuotaExceeded);
            disconnect.Properties.ReasonString.ShouldBe(
                $"{(subscribes ? "Subscribe" : "Unsubscribe")} with 51 topic filters; at most 50 are accepted");
        }

        await Eventually.CompletesAsync("the connection ends", many.Served);
        rig.Events.Of<ProtocolViolated>().ShouldHaveSingleItem().ShouldSatisfyAllConditions(
            violated => violated.Reason.ShouldBe(nameof(ReasonCode.QuotaExceeded)),
            violated => violated.Detail.ShouldContain("51 topic filters"));
        rig.Broker.Tree.Count.ShouldBe(subscribes ? 50 : 0);

        byte[] Filters(int count) => subscribes
            ? new SubscribePacket(9, [.. Enumerable.Range(0, count).Select(i => Request($"{i}"))], PropertySet.Empty)
                .Write((ProtocolVersion)version)
            : new UnsubscribePacket(9, [.. Enumerable.Range(0, count).Select(i => $"{i}")], PropertySet.Empty)
                .Write((ProtocolVersion)version);
    }

    // [MQTT-3.8.4-5], [MQTT-3.9.3-1]
    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Subscribe_ToSeveral_IsAnsweredInOrderWithWhatIsGranted(int version)
    {
        await using var rig = new BrokerRig();
        var client = await rig.ConnectAsync("a", version);
        var answer = await client.SubscribeAsync(
            [Request("a", QualityOfService.AtLeastOnce), Request("b", QualityOfService.AtMostOnce), Request("c")], PropertySet.Empty);
        answer.Reasons.ShouldBe([ReasonCode.GrantedQoS1, ReasonCode.Success, ReasonCode.GrantedQoS2]);
    }

    [Theory]
    [InlineData(4, 0x80)]
    [InlineData(5, 0x97)]
    public async Task Subscribe_ToOneTooMany_IsRefused(int version, int expected)
    {
        await using var rig = new BrokerRig(options => options with { MaxSubscriptions = 2 });
        var client = await rig.ConnectAsync("a", version);
        await client.SubscribeAsync("a");
        await client.SubscribeAsync("b");
        (await client.SubscribeAsync("c")).ShouldBe((ReasonCode)expected);
        (await client.SubscribeAsync("b")).ShouldBe(ReasonCode.GrantedQoS2, "it replaces one");
        await client.UnsubscribeAsync("a");
        (await client.SubscribeAsync("c")).ShouldBe(ReasonCode.GrantedQoS2);
    }

    [Theory]
    [InlineData(4, 0x80)]
    [InlineData(5, 0x8F)]
    public async Task Subscribe_OverTheLimitsOfTopics_IsRefused(int version, int expected)
    {
        await using var rig = new BrokerRig(options => options with { MaxTopicLength = 10, MaxTopicLevels = 3 });
        var client = await rig.ConnectAsync("a", version);
        (await client.SubscribeAsync("12345/7890")).ShouldBe(ReasonCode.GrantedQoS2);
        (await client.SubscribeAsync("12345/78901")).ShouldBe((ReasonCode)expected);
        (await client.SubscribeAsync("1/2/3")).ShouldBe(ReasonCode.GrantedQoS2);
        (await client.SubscribeAsync("1/2/3/4")).ShouldBe((ReasonCode)expected);
    }

    [Theory]
    [InlineData(4, 0x80)]
    [InlineData(5, 0x87)]
    public async Task Subscribe_ToWhatIsNotAllowed_IsRefusedPublishedAndCounted(int version, int expected)
    {
        await using var rig = new BrokerRig();
        var client = await rig.ConnectAsync("a", version);
        (await client.SubscribeAsync("$other/#")).ShouldBe((ReasonCode)expected);
        (await client.SubscribeAsync("$share/g/$other/#"))
            .ShouldBe((ReasonCode)expected, "a shared subscription is judged by its inner filter");
        (await client.SubscribeAsync("$canary/x")).ShouldBe((ReasonCode)expected);
        (await client.SubscribeAsync("$SYS/#")).ShouldBe(ReasonCode.GrantedQoS2);
        rig.Events.Of<AccessDenied>().Select(denied => (denied.Action, denied.Topic)).ShouldBe(
            [("subscribe", "$other/#"), ("subscribe", "$share/g/$other/#"), ("subscribe", "$canary/x")]);
        rig.Events.Of<AccessDenied>().ShouldAllBe(denied => denied.Identity == "alice" && denied.RemoteAddress == "client:1");
        rig.Broker.Counters.Denied.ShouldBe(3);
    }

    // [MQTT-3.8.4-3]
    [Fact]
    public async Task Subscribe_ToTheSameFilterAgain_ReplacesTheSubscription()
    {
        await using var rig = new BrokerRig();
        var client = await rig.ConnectAsync("a");
        await client.SubscribeAsync("t", QualityOfService.AtMostOnce, identifier: 1);
        await client.SubscribeAsync("t", QualityOfService.AtLeastOnce, identifier: 2);
        var publisher = await rig.ConnectAsync("p");
        await publisher.PublishAsync("t", "1", QualityOfService.ExactlyOnce);
        var message = await client.ExpectPublishAsync("t", "1");
        message.QoS.ShouldBe(QualityOfService.AtLeastOnce);
        message.Properties.SubscriptionIdentifiers.ShouldBe([2]);
        rig.Broker.Tree.Count.ShouldBe(1);

        await client.SubscribeAsync("t", QualityOfService.AtMostOnce);
        await publisher.PublishAsync("t", "2");
        (await client.ExpectPublishAsync("t", "2")).Properties.SubscriptionIdentifiers.ShouldBeEmpty();
    }

    // [MQTT-3.10.4-1], [MQTT-3.10.4-4], [MQTT-3.11.3-1]
    [Fact]
    public async Task Unsubscribe_FromSeveral_IsAnsweredFilterByFilter()
    {
        await using var rig = new BrokerRig();
        var client = await rig.ConnectAsync("a");
        await client.SubscribeAsync("a");
        await client.SubscribeAsync("$share/g/b");
        (await client.UnsubscribeAsync("a", "A", "b", "$share/g/b")).Reasons.ShouldBe(
        [
            ReasonCode.Success,
            ReasonCode.NoSubscriptionExisted,
            ReasonCode.NoSubscriptionExisted,
            ReasonCode.Success,
        ]);
        await (await rig.ConnectAsync("p")).PublishAsync("a", "1");
        await client.ExpectNothingAsync();
        rig.Broker.Tree.Count.ShouldBe(0);
    }

    // [MQTT-4.7.1-1], [MQTT-4.7.1-2], [MQTT-4.8.2-2]: what cannot be subscribed to is no filter here either.
    [Theory]
    [InlineData("x#")]
    [InlineData("x+/a")]
    [InlineData("$share/+/a")]
    [InlineData("$share/g#/a")]
    [InlineData("$share/g/a#")]
    [InlineData("$share")]
    [InlineData("1/2/3/4/5")]
    [InlineData("$share/2/3/4/5")]
    [InlineData("long long long long long")]
    public async Task Unsubscribe_FromWhatIsNoFilter_IsAnsweredLikeSubscribe(string filter)
    {
        await using var rig = new BrokerRig(options => options with { MaxTopicLevels = 4, MaxTopicLength = 20 });
        var client = await rig.ConnectAsync("a");
        (await client.SubscribeAsync(filter)).ShouldBe(ReasonCode.TopicFilterInvalid);
        (await client.UnsubscribeAsync(filter)).Reasons.ShouldBe([ReasonCode.TopicFilterInvalid]);
    }

    // 3.1.1 [MQTT-3.10.4-5]: answered even when nothing matched, and without reason codes.
    [Fact]
    public async Task Unsubscribe_InMqtt311_IsAnsweredWithoutReasons()
    {
        await using var rig = new BrokerRig();
        var client = await rig.ConnectAsync("a", 4);
        (await client.UnsubscribeAsync("a")).Reasons.ShouldBeEmpty();
    }

    [Fact]
    public async Task GetSubscriptions_OfATopic_ListsAllThatMatch()
    {
        await using var rig = new BrokerRig();
        var client = await rig.OpenAsync("a", change: BrokerRig.Lasting);
        await client.Client.SubscribeAsync("t/+", QualityOfService.AtLeastOnce);
        await client.Client.SubscribeAsync("$share/g/t/1", QualityOfService.AtMostOnce);
        await client.Client.SubscribeAsync("u", QualityOfService.AtMostOnce);
        await client.DisconnectAsync();
        using var observer = rig.Broker.Observe("#").Subscribe(_ => { }, _ => { });
        rig.Broker.GetSubscriptions("t/1").OrderBy(subscription => subscription.Filter, StringComparer.Ordinal).ShouldBe(
        [
            new SubscriptionInfo(null, null, "#", QualityOfService.ExactlyOnce, true),
            new SubscriptionInfo("a", "alice", "$share/g/t/1", QualityOfService.AtMostOnce, false),
            new SubscriptionInfo("a", "alice", "t/+", QualityOfService.AtLeastOnce, false),
        ]);
        Should.Throw<ArgumentException>(() => rig.Broker.GetSubscriptions("t/+"));
        Should.Throw<ArgumentException>(() => rig.Broker.GetSubscriptions(""));
    }

    private static SubscriptionRequest Request(string filter, QualityOfService qos = QualityOfService.ExactlyOnce) =>
        new(filter, qos, false, false, RetainHandling.Send);
}
