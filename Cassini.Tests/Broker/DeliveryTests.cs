using System.Collections.Immutable;
using Cassini.Streams.Broker;
using Cassini.Streams.Broker.Connections;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Mqtt.Properties;
using Cassini.Tests.Support;

namespace Cassini.Tests.Broker;

/// <summary>QoS 0, 1 and 2 in both directions, with a loss at each step (MQTT 5.0 §3.3 to §3.7, §4.3, §4.4, §4.6, §4.9).</summary>
public class DeliveryTests
{
    // [MQTT-4.3.2-4], §3.4.2.1
    [Theory]
    [InlineData(4, 0, 0)]
    [InlineData(5, 0x10, 0)]
    public async Task Publish_QoS1_IsAcknowledgedAndToldWhetherAnyoneListens(int version, int nobody, int somebody)
    {
        await using var rig = new BrokerRig();
        var publisher = await rig.ConnectAsync("p", version);
        (await publisher.PublishAsync("t", "1", QualityOfService.AtLeastOnce)).ShouldBe((ReasonCode)nobody);
        (await publisher.PublishAsync("t", "1", QualityOfService.ExactlyOnce)).ShouldBe((ReasonCode)nobody);
        await (await rig.ConnectAsync("a")).SubscribeAsync("t");
        (await publisher.PublishAsync("t", "1", QualityOfService.AtLeastOnce)).ShouldBe((ReasonCode)somebody);
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

    // §3.6.2.1: unknown identifiers; 3.1.1 has no word for it and completes.
    [Theory]
    [InlineData(4, 0)]
    [InlineData(5, 0x92)]
    public async Task UnknownIdentifiers_AreAnsweredAsSuch(int version, int expected)
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

    // §4.3.3: no PUBREL follows a refusal, whether what it refuses is known or not.
    [Fact]
    public async Task NegativePubRec_EndsTheDelivery()
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

    // [MQTT-4.4.0-1], [MQTT-4.6.0-1]; 3.1.1 [MQTT-4.4.0-1]: same identifiers, same order, DUP set [MQTT-3.3.1-1].
    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Unacknowledged_AfterAReconnect_IsSentAgainInOrder(int version)
    {
        await using var rig = new BrokerRig();
        var connection = await rig.OpenAsync("a", version, BrokerRig.Lasting);
        await connection.Client.SubscribeAsync("t");
        var publisher = await rig.ConnectAsync("p");
        var ids = new Dictionary<string, ushort>();
        foreach (var (text, qos) in new[] { ("1", 1), ("2", 2), ("3", 1), ("4", 2), ("5", 1) })
        {
            await publisher.PublishAsync("t", text, (QualityOfService)qos);
            ids[text] = (await connection.Client.ExpectPublishAsync("t", text)).PacketId;
        }

        ids.Values.Distinct().Count().ShouldBe(5);
        await connection.Client.AckAsync(PacketType.PubAck, ids["3"]);
        await connection.Client.AckAsync(PacketType.PubRec, ids["4"]);
        await connection.Client.ExpectAckAsync(PacketType.PubRel, ids["4"]);
        await connection.LoseAsync();
        await publisher.PublishAsync("t", "6", QualityOfService.AtLeastOnce);

        for (var i = 0; i < 2; i++)
        {
            connection = await rig.OpenAsync("a", version, BrokerRig.Lasting);
            foreach (var text in new[] { "1", "2" })
            {
                var again = await connection.Client.ExpectPublishAsync("t", text);
                (again.PacketId, again.Dup).ShouldBe((ids[text], true));
            }

            await connection.Client.ExpectAckAsync(PacketType.PubRel, ids["4"]);
            (await connection.Client.ExpectPublishAsync("t", "5")).Dup.ShouldBeTrue();
            (await connection.Client.ExpectPublishAsync("t", "6")).Dup.ShouldBe(i > 0);
            await connection.Client.ExpectNothingAsync();
            await connection.LoseAsync();
        }

        connection = await rig.OpenAsync("a", version, BrokerRig.Lasting);
        await connection.Client.ExpectPublishAsync("t", "1");
        await connection.Client.ExpectPublishAsync("t", "2");
        await connection.Client.ExpectAckAsync(PacketType.PubRel, ids["4"]);
        await connection.Client.AckAsync(PacketType.PubComp, ids["4"]);
        await connection.Client.AckAsync(PacketType.PubRec, ids["2"]);
        await connection.Client.ExpectPublishAsync("t", "5");
        await connection.Client.ExpectPublishAsync("t", "6");
        await connection.Client.ExpectAckAsync(PacketType.PubRel, ids["2"]);
        await connection.Client.AckAsync(PacketType.PubRec, ids["2"]);
        await connection.Client.ExpectAckAsync(PacketType.PubRel, ids["2"]);
        await connection.Client.AckAsync(PacketType.PubComp, ids["2"]);
        await connection.Client.ExpectNothingAsync();
        rig.Broker.Sessions.Find("a")!.Deliveries.Backlog.ShouldBe(3);
    }

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

    // A smaller one at the reconnect holds for what is sent again too.
    [Fact]
    public async Task ReceiveMaximum_SmallerAtTheReconnect_HoldsForWhatIsSentAgain()
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

        (await client.PublishAsync("t", "1", QualityOfService.AtLeastOnce)).ShouldBe(ReasonCode.NoMatchingSubscribers, "QoS 1 is acknowledged at once");
        await client.SendAsync(client.Publish("t", "1", QualityOfService.ExactlyOnce, 3));
        await client.ExpectClosedAsync(ReasonCode.ReceiveMaximumExceeded);
    }

    // 3.1.1 has no receive maximum.
    [Fact]
    public async Task ReceiveMaximum_InMqtt311_IsNone()
    {
        await using var rig = new BrokerRig(options => options with { ReceiveMaximum = 2 });
        var client = await rig.ConnectAsync("a", 4);
        for (ushort id = 1; id <= 10; id++)
        {
            await client.SendAsync(client.Publish("t", "1", QualityOfService.ExactlyOnce, id));
            await client.ExpectAckAsync(PacketType.PubRec, id);
        }
    }

    // §3.3.2.3.4, [MQTT-3.3.2-8] to [MQTT-3.3.2-12]
    [Fact]
    public async Task TopicAlias_OfTheClient_StandsForItsTopicOnItsConnection()
    {
        await using var rig = new BrokerRig(options => options with { MaxTopicAliases = 2 });
        var watcher = await rig.ConnectAsync("w");
        await watcher.SubscribeAsync("#", QualityOfService.AtMostOnce);
        var connection = await rig.OpenAsync("p", change: BrokerRig.Lasting);
        var publisher = connection.Client;
        await publisher.SendAsync(
            publisher.Publish("a", "1", alias: 1),
            publisher.Publish("b", "2", alias: 2),
            publisher.Publish("", "3", alias: 1),
            publisher.Publish("c", "4", alias: 1),
            publisher.Publish("", "5", alias: 1),
            publisher.Publish("", "6", alias: 2));
        foreach (var (topic, text) in new[] { ("a", "1"), ("b", "2"), ("a", "3"), ("c", "4"), ("c", "5"), ("b", "6") })
        {
            (await watcher.ExpectPublishAsync(topic, text)).Properties.TopicAlias.ShouldBeNull("an alias belongs to its hop");
        }

        await connection.DisconnectAsync();
        var again = await rig.ConnectAsync("p", change: BrokerRig.Lasting);
        await again.SendAsync(again.Publish("", "x", alias: 1));
        await again.ExpectClosedAsync(ReasonCode.ProtocolError);
    }

    [Theory]
    [InlineData(3, 2)]
    [InlineData(1, 0)]
    public async Task TopicAlias_OverTheMaximum_Closes(ushort alias, int max)
    {
        await using var rig = new BrokerRig(options => options with { MaxTopicAliases = max });
        var client = await rig.ConnectAsync("p");
        await client.SendAsync(client.Publish("a", "1", alias: alias));
        await client.ExpectClosedAsync(ReasonCode.TopicAliasInvalid);
    }

    // An alias of a topic that was taken off the list meanwhile still works, and so does a name.
    [Fact]
    public async Task TopicAlias_OfATopicThatWasIdle_StillStandsForIt()
    {
        await using var rig = new BrokerRig(options => options with { TopicIdle = TimeSpan.FromMinutes(1) });
        var client = await rig.ConnectAsync("p");
        await client.SendAsync(client.Publish("a", "1", alias: 1), client.Publish("b", "1"));
        await client.PingAsync();
        rig.Advance(61);
        rig.Broker.Topics.Count.ShouldBe(0);
        var watcher = await rig.ConnectAsync("w");
        await watcher.SubscribeAsync("#", QualityOfService.AtMostOnce);
        await client.SendAsync(client.Publish("", "2", alias: 1), client.Publish("b", "2"));
        await watcher.ExpectPublishAsync("a", "2");
        await watcher.ExpectPublishAsync("b", "2");
        rig.Broker.Topics.Count.ShouldBe(2);
    }

    // [MQTT-3.1.2-26], [MQTT-3.1.2-27]
    [Fact]
    public async Task TopicAlias_TowardsTheClient_StaysWithinItsMaximum()
    {
        await using var rig = new BrokerRig();
        var client = await rig.ConnectAsync("a", change: connect => connect with { Properties = new PropertySet { TopicAliasMaximum = 2 } });
        await client.SubscribeAsync("#", QualityOfService.AtLeastOnce);
        var publisher = await rig.ConnectAsync("p");
        foreach (var (topic, sentTopic, alias) in new (string, string, int?)[]
        {
            ("a", "a", 1), ("b", "b", 2), ("a", "", 1), ("c", "c", null), ("b", "", 2), ("c", "c", null),
        })
        {
            await publisher.PublishAsync(topic, "x", QualityOfService.AtLeastOnce);
            var message = await client.ExpectAsync<ReceivedPublish>();
            (message.Topic, message.Properties.TopicAlias).ShouldBe((sentTopic, (ushort?)alias));
        }
    }

    // [MQTT-3.3.2-5], [MQTT-3.3.2-6]
    [Fact]
    public async Task MessageExpiry_InTheQueue_TakesTheWaitOffAndDropsWhatIsTooOld()
    {
        await using var rig = new BrokerRig();
        var connection = await rig.OpenAsync("a", change: BrokerRig.Lasting);
        await connection.Client.SubscribeAsync("t");
        await connection.DisconnectAsync();
        var publisher = await rig.ConnectAsync("p");
        await publisher.PublishAsync("t", "short", QualityOfService.AtLeastOnce, properties: new PropertySet { MessageExpiryInterval = 10 });
        await publisher.PublishAsync("t", "long", QualityOfService.ExactlyOnce, properties: new PropertySet { MessageExpiryInterval = 100 });
        await publisher.PublishAsync("t", "ever", QualityOfService.AtLeastOnce);
        rig.Advance(10);
        var client = await rig.ConnectAsync("a", change: BrokerRig.Lasting);
        (await client.ExpectPublishAsync("t", "long")).Properties.MessageExpiryInterval.ShouldBe(90u);
        (await client.ExpectPublishAsync("t", "ever")).Properties.MessageExpiryInterval.ShouldBeNull();
        await client.ExpectNothingAsync();
        rig.Broker.Counters.Expired.ShouldBe(1);
    }

    [Fact]
    public async Task MessageExpiry_OfAMessageThatGoesOnAtOnce_IsPassedOn()
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

    // [MQTT-3.3.2-4], [MQTT-3.3.2-15] to [MQTT-3.3.2-20]
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task PublishProperties_ArePassedOnUnalteredAndInOrder(int qos)
    {
        var properties = new PropertySet
        {
            PayloadFormatIndicator = 1,
            ContentType = "text/plain",
            ResponseTopic = "answers/x",
            CorrelationData = [0, 255, 1],
            UserProperties = [.. Enumerable.Range(0, 50).Select(i => new UserProperty($"n{i % 3}", $"v{50 - i}"))],
        };
        await using var rig = new BrokerRig();
        var client = await rig.ConnectAsync("a");
        var old = await rig.ConnectAsync("old", 4);
        await client.SubscribeAsync("t");
        await old.SubscribeAsync("t");
        await (await rig.ConnectAsync("p")).PublishAsync("t", "1", (QualityOfService)qos, properties: properties);
        var got = (await client.ExpectPublishAsync("t", "1")).Properties;
        got.ShouldSatisfyAllConditions(
            g => g.PayloadFormatIndicator.ShouldBe((byte)1),
            g => g.ContentType.ShouldBe("text/plain"),
            g => g.ResponseTopic.ShouldBe("answers/x"),
            g => g.CorrelationData!.Value.ShouldBe(properties.CorrelationData.Value),
            g => g.UserProperties.ShouldBe(properties.UserProperties));
        await old.ExpectPublishAsync("t", "1");
    }

    // [MQTT-3.3.1-3]: DUP is each hop's own.
    [Fact]
    public async Task Dup_OfThePublisher_IsNotPassedOn()
    {
        await using var rig = new BrokerRig();
        var client = await rig.ConnectAsync("a");
        await client.SubscribeAsync("t");
        var publisher = await rig.ConnectAsync("p");
        await publisher.SendAsync(publisher.Publish("t", "1", QualityOfService.AtLeastOnce, 1, dup: true));
        (await client.ExpectPublishAsync("t", "1")).Dup.ShouldBeFalse();
    }

    // [MQTT-3.3.5-2], §3.3.5: not allowed. 3.1.1: acknowledged and delivered to nobody.
    [Theory]
    [InlineData(4, 1, 0)]
    [InlineData(5, 1, 0x87)]
    [InlineData(4, 2, 0)]
    [InlineData(5, 2, 0x87)]
    public async Task Publish_ToATopicThatIsNotAllowed_IsDeliveredToNobody(int version, int qos, int expected)
    {
        await using var rig = new BrokerRig();
        var watcher = await rig.ConnectAsync("w");
        await watcher.SubscribeAsync("$SYS/mine");
        var publisher = await rig.ConnectAsync("p", version);
        (await publisher.PublishAsync("$SYS/mine", "1", (QualityOfService)qos)).ShouldBe((ReasonCode)expected);
        await publisher.PublishAsync("$SYS/mine", "1", QualityOfService.AtMostOnce);
        await watcher.ExpectNothingAsync();
        rig.Events.Of<AccessDenied>().Count.ShouldBe(2);
        rig.Broker.Counters.Denied.ShouldBe(2);
        (await publisher.PublishAsync("fine", "1", (QualityOfService)qos)).ShouldBe(version == 5 ? ReasonCode.NoMatchingSubscribers : ReasonCode.Success);
    }

    [Theory]
    [InlineData("12345/7890", 0x10)]
    [InlineData("12345/78901", 0x90)]
    [InlineData("1/2/3", 0x10)]
    [InlineData("1/2/3/4", 0x90)]
    public async Task Publish_OverTheLimitsOfTopics_IsRefused(string topic, int expected)
    {
        await using var rig = new BrokerRig(options => options with { MaxTopicLength = 10, MaxTopicLevels = 3 });
        var publisher = await rig.ConnectAsync("p");
        (await publisher.PublishAsync(topic, "1", QualityOfService.AtLeastOnce)).ShouldBe((ReasonCode)expected);
        await publisher.ExpectNothingAsync();
    }

    // [MQTT-4.6.0-5], [MQTT-4.6.0-6]: a topic's messages arrive in the order in which they were published, whatever gets in the way.
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Messages_OfOneTopic_ArriveInOrder(int qos)
    {
        const int Count = 3000;
        await using var rig = new BrokerRig(options => options with { MaxQueuedBytes = 64 * 1024 * 1024 });
        var client = await rig.ConnectAsync("a", change: connect => connect with { Properties = new PropertySet { ReceiveMaximum = 7 } });
        await client.SubscribeAsync("t", (QualityOfService)qos);
        var publisher = await rig.ConnectAsync("p");
        var sending = Task.Run(
            async () =>
            {
                var batch = Enumerable.Range(0, Count).Select(i => (ReadOnlyMemory<byte>)publisher.Publish(
                    "t", $"{i}", (QualityOfService)Math.Min(qos, 1), qos == 0 ? (ushort)0 : (ushort)(i + 1))).ToArray();
                foreach (var chunk in batch.Chunk(100))
                {
                    await publisher.SendAsync(chunk);
                    for (var i = 0; i < chunk.Length && qos > 0; i++)
                    {
                        await publisher.ExpectAsync<AckPacket>();
                    }
                }
            },
            TestContext.Current.CancellationToken);
        for (var i = 0; i < Count; i++)
        {
            var message = await client.ExpectPublishAsync("t", $"{i}");
            if (message.QoS == QualityOfService.AtLeastOnce)
            {
                await client.AckAsync(PacketType.PubAck, message.PacketId);
            }
        }

        await sending;
    }

    // What waits to be sent again goes before what is new, also when the way was blocked for a while.
    [Fact]
    public async Task SentAgain_WhileTheWayIsBlocked_StaysBeforeWhatIsNew()
    {
        await using var rig = new BrokerRig(options => options with { MaxQueuedBytes = 320_000 });
        var payload = new string('x', 20_000);
        var connection = await rig.OpenAsync("a", change: BrokerRig.Lasting);
        await connection.Client.SubscribeAsync("t", QualityOfService.AtLeastOnce);
        var publisher = await rig.ConnectAsync("p");
        for (var i = 0; i < 12; i++)
        {
            await publisher.PublishAsync("t", $"{i:00}{payload}", QualityOfService.AtLeastOnce);
            await connection.Client.ExpectPublishAsync("t", $"{i:00}{payload}");
        }

        await connection.LoseAsync();
        var client = (await rig.OpenAsync("a", change: BrokerRig.Lasting, window: 20_000)).Client;
        var next = 12;
        for (var i = 0; i < 24; i++)
        {
            if (next < 24)
            {
                await publisher.PublishAsync("t", $"{next++:00}{payload}", QualityOfService.AtLeastOnce);
            }

            var message = await client.ExpectPublishAsync("t", $"{i:00}{payload}");
            await client.AckAsync(PacketType.PubAck, message.PacketId);
        }
    }

    // Bytes in flight are bounded as those in the queue are: a client that never acknowledges does not hold the broker's memory.
    [Fact]
    public async Task Unacknowledged_ManyBytes_HoldTheRestBack()
    {
        await using var rig = new BrokerRig(options => options with { MaxQueuedBytes = 100_000 });
        var payload = new string('x', 20_000);
        var client = await rig.ConnectAsync("a");
        await client.SubscribeAsync("t", QualityOfService.AtLeastOnce);
        var publisher = await rig.ConnectAsync("p");
        var received = new List<ReceivedPublish>();
        for (var i = 0; i < 8; i++)
        {
            await publisher.PublishAsync("t", $"{i:00}{payload}", QualityOfService.AtLeastOnce);
        }

        for (var i = 0; i < 5; i++)
        {
            received.Add(await client.ExpectPublishAsync("t", $"{i:00}{payload}"));
        }

        await client.ExpectNothingAsync();
        await client.AckAsync(PacketType.PubAck, received[0].PacketId);
        await client.ExpectPublishAsync("t", $"05{payload}");
    }

    // A full window must not keep itself from being sent again: nothing else would ever empty it.
    [Fact]
    public async Task Unacknowledged_AsManyBytesAsMayBe_AreSentAgainAfterAReconnect()
    {
        await using var rig = new BrokerRig(options => options with { MaxQueuedBytes = 100_000 });
        var payload = new string('x', 20_000);
        var connection = await rig.OpenAsync("a", change: BrokerRig.Lasting);
        await connection.Client.SubscribeAsync("t", QualityOfService.AtLeastOnce);
        var publisher = await rig.ConnectAsync("p");
        for (var i = 0; i < 6; i++)
        {
            await publisher.PublishAsync("t", $"{i:00}{payload}", QualityOfService.AtLeastOnce);
        }

        await connection.Client.ExpectPublishAsync("t", $"00{payload}");
        await connection.LoseAsync();
        var client = (await rig.OpenAsync("a", change: BrokerRig.Lasting)).Client;
        for (var i = 0; i < 6; i++)
        {
            var message = await client.ExpectPublishAsync("t", $"{i:00}{payload}");
            await client.AckAsync(PacketType.PubAck, message.PacketId);
        }
    }
}
