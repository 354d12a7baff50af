using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Mqtt.Properties;

namespace Cassini.Tests.Broker;

/// <summary>What a PUBLISH packet hands on, in which order, and what is refused (MQTT 5.0 §3.3, §4.6).</summary>
public class PublishTests
{
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

    // [MQTT-3.3.1-3]: DUP belongs to one hop.
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

    // [MQTT-3.3.5-2], §3.3.5: not allowed. 3.1.1: acknowledged, but not delivered.
    [Theory]
    [InlineData(4, 1, 0)]
    [InlineData(5, 1, 0x87)]
    [InlineData(4, 2, 0)]
    [InlineData(5, 2, 0x87)]
    public async Task Publish_ToATopicThatIsNotAllowed_IsNotDelivered(int version, int qos, int expected)
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
        (await publisher.PublishAsync("fine", "1", (QualityOfService)qos))
            .ShouldBe(version == 5 ? ReasonCode.NoMatchingSubscribers : ReasonCode.Success);
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

    // [MQTT-4.6.0-5], [MQTT-4.6.0-6]: a topic's messages arrive in the order in which they were published.
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
}
