using Cassini.Streams.Broker;
using Cassini.Streams.Broker.Connections;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Mqtt.Properties;

namespace Cassini.Tests.Broker;

/// <summary>Subscribing, and who gets what (MQTT 5.0 §3.8 to §3.11, §4.7, §4.8).</summary>
public class SubscriptionTests
{
    // §4.7.1: examples of the standard, and those that go wrong easily.
    [Theory]
    [InlineData("sport/tennis/player1", "sport/tennis/player1", true)]
    [InlineData("sport/tennis/player1", "sport/tennis/player1/ranking", false)]
    [InlineData("sport/tennis/player1/#", "sport/tennis/player1", true)]
    [InlineData("sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true)]
    [InlineData("sport/#", "sport", true)]
    [InlineData("sport/#", "sports", false)]
    [InlineData("#", "a", true)]
    [InlineData("#", "/", true)]
    [InlineData("sport/tennis/+", "sport/tennis/player1", true)]
    [InlineData("sport/tennis/+", "sport/tennis/player1/ranking", false)]
    [InlineData("sport/+", "sport", false)]
    [InlineData("sport/+", "sport/", true)]
    [InlineData("+", "finance", true)]
    [InlineData("+", "/finance", false)]
    [InlineData("/+", "/finance", true)]
    [InlineData("+/+", "/finance", true)]
    [InlineData("+/tennis/#", "sport/tennis", true)]
    [InlineData("sport/+/player1", "sport/x/player1", true)]
    [InlineData("a//b", "a//b", true)]
    [InlineData("a/+/b", "a//b", true)]
    [InlineData("/#", "/a", true)]
    [InlineData("/#", "a", false)]
    [InlineData("Sport", "sport", false)]
    [InlineData("a b", "a b", true)]
    [InlineData("$x/#", "$x/y", true)]
    [InlineData("#", "$x/y", false)]
    [InlineData("+/y", "$x/y", false)]
    [InlineData("$x/+", "$x/y", true)]
    [InlineData("a/#", "a/$x", true)]
    [InlineData("a/+", "a/$x", true)]
    public async Task Filter_AgainstATopic_MatchesAsTheStandardSays(string filter, string topic, bool matches)
    {
        AccessRule.TryParse("allow all * $x/#", out var rule, out _).ShouldBeTrue();
        await using var rig = new BrokerRig(options => options with { Access = [rule, .. AccessRule.Defaults] });
        foreach (var version in new[] { 4, 5 })
        {
            var client = await rig.ConnectAsync($"c{version}", version);
            (await client.SubscribeAsync(filter)).ShouldBe(ReasonCode.GrantedQoS2);
            await (await rig.ConnectAsync("p", version)).PublishAsync(topic, "1");
            if (matches)
            {
                await client.ExpectPublishAsync(topic, "1");
            }

            await client.ExpectNothingAsync();
        }
    }

    // [MQTT-4.7.1-1], [MQTT-4.7.1-2], [MQTT-4.7.3-1], [MQTT-4.8.2-1], [MQTT-4.8.2-2]
    [Theory]
    [InlineData("sport/tennis#")]
    [InlineData("sport/tennis/#/ranking")]
    [InlineData("sport+")]
    [InlineData("+a/b")]
    [InlineData("")]
    [InlineData("$share")]
    [InlineData("$share/")]
    [InlineData("$share/g")]
    [InlineData("$share/g/")]
    [InlineData("$share//a")]
    [InlineData("$share/g+/a")]
    [InlineData("$share/#/a")]
    [InlineData("$share/g/a#")]
    public async Task Filter_ThatIsNone_IsRefusedAloneInTheSameAnswer(string filter)
    {
        await using var rig = new BrokerRig();
        foreach (var version in new[] { 4, 5 })
        {
            var client = await rig.ConnectAsync($"c{version}", version);
            var answer = await client.SubscribeAsync([Request("good"), Request(filter), Request("fine")], PropertySet.Empty);
            answer.Reasons.ShouldBe([ReasonCode.GrantedQoS2, version == 5 ? ReasonCode.TopicFilterInvalid : ReasonCode.UnspecifiedError, ReasonCode.GrantedQoS2]);
        }
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
            [Request("a", QualityOfService.AtLeastOnce), Request("b", QualityOfService.AtMostOnce), Request("c", QualityOfService.ExactlyOnce)], PropertySet.Empty);
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
    public async Task Subscribe_ToWhatIsNotAllowed_IsRefusedToldAndCounted(int version, int expected)
    {
        await using var rig = new BrokerRig();
        var client = await rig.ConnectAsync("a", version);
        (await client.SubscribeAsync("$other/#")).ShouldBe((ReasonCode)expected);
        (await client.SubscribeAsync("$share/g/$other/#")).ShouldBe((ReasonCode)expected, "a shared subscription is judged by its inner filter");
        (await client.SubscribeAsync("$canary/x")).ShouldBe((ReasonCode)expected);
        (await client.SubscribeAsync("$SYS/#")).ShouldBe(ReasonCode.GrantedQoS2);
        rig.Events.Of<AccessDenied>().Select(denied => (denied.Action, denied.Topic, denied.Identity)).ShouldBe(
            [("subscribe", "$other/#", "alice"), ("subscribe", "$share/g/$other/#", "alice"), ("subscribe", "$canary/x", "alice")]);
        rig.Broker.Counters.Denied.ShouldBe(3);
    }

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

    // [MQTT-3.8.3-3]
    [Fact]
    public async Task NoLocal_HoldsBackWhatTheClientItselfPublished()
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
    public async Task NoLocal_OnOneOfTwoSubscriptions_LeavesTheOther()
    {
        await using var rig = new BrokerRig();
        var client = await rig.ConnectAsync("a");
        await client.SubscribeAsync(new SubscriptionRequest("t", QualityOfService.ExactlyOnce, NoLocal: true, false, RetainHandling.Send), identifier: 1);
        await client.SubscribeAsync(new SubscriptionRequest("#", QualityOfService.AtMostOnce, NoLocal: false, false, RetainHandling.Send), identifier: 2);
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

    // [MQTT-3.3.1-12], [MQTT-3.3.1-13]; 3.1.1 [MQTT-3.3.1-9]
    [Theory]
    [InlineData(5, false, 0, false)]
    [InlineData(5, true, 0, true)]
    [InlineData(5, false, 1, false)]
    [InlineData(5, true, 1, true)]
    [InlineData(4, false, 0, false)]
    [InlineData(4, false, 1, false)]
    public async Task RetainAsPublished_KeepsTheFlag(int version, bool asPublished, int qos, bool expected)
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

    // [MQTT-3.10.4-1], [MQTT-3.10.4-4], [MQTT-3.11.3-1]
    [Fact]
    public async Task Unsubscribe_IsAnsweredFilterByFilter()
    {
        await using var rig = new BrokerRig();
        var client = await rig.ConnectAsync("a");
        await client.SubscribeAsync("a");
        await client.SubscribeAsync("$share/g/b");
        (await client.UnsubscribeAsync("a", "A", "b", "$share/g/b", "x#")).Reasons.ShouldBe(
        [
            ReasonCode.Success, ReasonCode.NoSubscriptionExisted, ReasonCode.NoSubscriptionExisted, ReasonCode.Success, ReasonCode.TopicFilterInvalid,
        ]);
        await (await rig.ConnectAsync("p")).PublishAsync("a", "1");
        await client.ExpectNothingAsync();
        rig.Broker.Tree.Count.ShouldBe(0);
    }

    // 3.1.1 [MQTT-3.10.4-5]: answered even when nothing matched, and without reasons.
    [Fact]
    public async Task Unsubscribe_InMqtt311_IsAnsweredWithoutReasons()
    {
        await using var rig = new BrokerRig();
        var client = await rig.ConnectAsync("a", 4);
        (await client.UnsubscribeAsync("a")).Reasons.ShouldBeEmpty();
    }

    // §4.8.2
    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task SharedSubscription_GivesEachMessageToOneMemberInTurn(int version)
    {
        await using var rig = new BrokerRig();
        var members = new List<MqttTestClient>();
        for (var i = 0; i < 3; i++)
        {
            members.Add(await rig.ConnectAsync($"m{i}", version));
            await members[i].SubscribeAsync("$share/g/t/+", QualityOfService.AtLeastOnce);
        }

        var outsider = await rig.ConnectAsync("outsider", version);
        await outsider.SubscribeAsync("t/+", QualityOfService.AtMostOnce);
        var other = await rig.ConnectAsync("other", version);
        await other.SubscribeAsync("$share/h/t/+", QualityOfService.AtMostOnce);
        var publisher = await rig.ConnectAsync("p");
        for (var i = 0; i < 9; i++)
        {
            await publisher.PublishAsync("t/1", $"{i}", QualityOfService.AtLeastOnce);
            await outsider.ExpectPublishAsync("t/1", $"{i}");
            await other.ExpectPublishAsync("t/1", $"{i}");
        }

        var got = new List<string>();
        foreach (var member in members)
        {
            for (var i = 0; i < 3; i++)
            {
                got.Add((await member.ExpectAsync<ReceivedPublish>()).Text);
            }

            await member.ExpectNothingAsync();
        }

        got.Order().ShouldBe(Enumerable.Range(0, 9).Select(i => $"{i}"));
    }

    // §4.8.2: those who can take a message get it.
    [Fact]
    public async Task SharedSubscription_WithAMemberAway_GoesToThoseWhoAreThere()
    {
        await using var rig = new BrokerRig();
        var away = await rig.OpenAsync("away", change: BrokerRig.Lasting);
        await away.Client.SubscribeAsync("$share/g/t", QualityOfService.AtLeastOnce);
        await away.DisconnectAsync();
        var here = await rig.OpenAsync("here", change: BrokerRig.Lasting);
        await here.Client.SubscribeAsync("$share/g/t", QualityOfService.AtLeastOnce);
        var publisher = await rig.ConnectAsync("p");
        for (var i = 0; i < 4; i++)
        {
            await publisher.PublishAsync("t", $"{i}", QualityOfService.AtLeastOnce);
            await here.Client.ExpectPublishAsync("t", $"{i}");
        }

        await here.DisconnectAsync();
        await publisher.PublishAsync("t", "kept by one of them", QualityOfService.AtLeastOnce);
        rig.Broker.Sessions.All.Sum(session => session.Deliveries.Backlog).ShouldBe(4 + 1, "four are not acknowledged");
    }

    // [MQTT-3.8.3-4]
    [Fact]
    public async Task SharedSubscription_WithNoLocal_IsAProtocolError()
    {
        await using var rig = new BrokerRig();
        var client = await rig.ConnectAsync("a");
        await client.SendAsync(new SubscribePacket(1, [new SubscriptionRequest("$share/g/t", 0, NoLocal: true, false, RetainHandling.Send)], PropertySet.Empty).Write(client.Version));
        await client.ExpectClosedAsync(ReasonCode.ProtocolError);
    }

    [Fact]
    public async Task SharedSubscription_BesideAnOrdinaryOne_GivesACopyForEach()
    {
        await using var rig = new BrokerRig();
        var client = await rig.ConnectAsync("a");
        await client.SubscribeAsync("$share/g/t", QualityOfService.AtMostOnce, identifier: 1);
        await client.SubscribeAsync("t", QualityOfService.AtMostOnce, identifier: 2);
        await (await rig.ConnectAsync("p")).PublishAsync("t", "1");
        var identifiers = new[] { await client.ExpectPublishAsync("t", "1"), await client.ExpectPublishAsync("t", "1") }
            .SelectMany(message => message.Properties.SubscriptionIdentifiers);
        identifiers.Order().ShouldBe([1, 2]);
        await client.ExpectNothingAsync();
    }

    [Fact]
    public async Task GetSubscriptions_OfATopic_NamesAllWhoMatch()
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
