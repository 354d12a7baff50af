using System.Globalization;
using System.Text;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Mqtt.Properties;
using Cassini.Tests.Support;

namespace Cassini.Tests.Broker;

/// <summary>A burst of retained messages while others publish: no topic goes back to an older value, and none stays behind.</summary>
public class RetainedBurstOrderTests
{
    private const int Topics = 40;
    private const int Values = 60;

    // A second subscription asks for the retained messages once more, whatever has come before it.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Subscribe_WhileOthersPublish_GetsEachTopicInOrderUpToItsLastValue(bool isRepeated)
    {
        for (var round = 0; round < 10; round++)
        {
            await using var rig = new BrokerRig(options => options with { MaxInFlight = 7 });
            for (var topic = 0; topic < Topics; topic++)
            {
                await rig.Broker.PublishAsync(Message(topic, 0, (topic * 7) + round, retain: true));
            }

            var connection = await rig.OpenAsync($"c{round}", window: 4 * 1024);
            var start = new TaskCompletionSource();
            var publishers = Enumerable.Range(0, 2).Select(i => Task.Run(() => PublishAsync(rig, i, round, start.Task))).ToArray();
            await SubscribeAsync(connection.Client, "t/#");
            start.SetResult();
            if (isRepeated)
            {
                await SubscribeAsync(connection.Client, "t/#");
            }

            await ReadToTheEndAsync(connection.Client, isRepeated);
            await Eventually.CompletesAsync("the publishers end", Task.WhenAll(publishers));
            rig.Broker.Counters.Dropped.ShouldBe(0);
            await connection.LoseAsync();
        }
    }

    /// <summary>Each publishes to topics of its own, now retained, now not, in any QoS.</summary>
    private static async Task PublishAsync(BrokerRig rig, int publisher, int round, Task start)
    {
        await start;
        for (var value = 1; value <= Values; value++)
        {
            for (var topic = publisher; topic < Topics; topic += 2)
            {
                var kind = (value * 5) + (topic * 3) + round;
                await rig.Broker.PublishAsync(Message(topic, value, kind, retain: kind % 4 == 0 || value == Values));
            }
        }
    }

    private static Task SubscribeAsync(MqttTestClient client, string filter) => client.SendAsync(
        new SubscribePacket(
            client.NextPacketId(),
            [new SubscriptionRequest(filter, QualityOfService.ExactlyOnce, false, RetainAsPublished: false, RetainHandling.Send)],
            PropertySet.Empty).Write(client.Version));

    private static async Task ReadToTheEndAsync(MqttTestClient client, bool isRepeated)
    {
        var last = Enumerable.Repeat(-1, Topics).ToArray();
        while (last.Any(value => value < Values))
        {
            switch (await client.ReadAsync($"a message comes; {string.Join(' ', last)}"))
            {
                case ReceivedPublish message:
                    await AcknowledgeAsync(client, message);
                    var topic = int.Parse(message.Topic[2..], CultureInfo.InvariantCulture);
                    var value = int.Parse(message.Text.Split(' ')[0], CultureInfo.InvariantCulture);
                    if (message.Retain && !isRepeated)
                    {
                        value.ShouldBeGreaterThanOrEqualTo(last[topic], $"topic {topic}: no older retained message after a newer one");
                    }

                    last[topic] = Math.Max(last[topic], value);
                    break;
                case AckPacket { Type: PacketType.PubRel } released:
                    await client.AckAsync(PacketType.PubComp, released.PacketId);
                    break;
            }
        }
    }

    private static Task AcknowledgeAsync(MqttTestClient client, ReceivedPublish message) => message.QoS switch
    {
        QualityOfService.AtLeastOnce => client.AckAsync(PacketType.PubAck, message.PacketId),
        QualityOfService.ExactlyOnce => client.AckAsync(PacketType.PubRec, message.PacketId),
        _ => Task.CompletedTask,
    };

    private static MqttMessage Message(int topic, int value, int kind, bool retain) => new()
    {
        Topic = $"t/{topic.ToString(CultureInfo.InvariantCulture)}",
        Payload = Encoding.UTF8.GetBytes($"{value.ToString(CultureInfo.InvariantCulture)} {new string('x', 300)}"),
        QoS = (QualityOfService)(kind % 3),
        Retain = retain,
    };
}
