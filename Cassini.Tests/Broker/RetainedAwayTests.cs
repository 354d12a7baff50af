using System.Text;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Properties;
using Cassini.Tests.Support;

namespace Cassini.Tests.Broker;

/// <summary>A client that loses its connection in the middle of its retained messages gets the rest of them on the next one.</summary>
public class RetainedAwayTests
{
    private const int Count = 200;

    // Newer messages of their topics wait meanwhile, and must not cost it the retained ones.
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task NewerMessage_WhileTheClientIsAway_ComesAfterTheRetainedOne(int retainedQoS)
    {
        await using var rig = new BrokerRig();
        var connection = await SubscribeAsync(rig, (QualityOfService)retainedQoS);
        await connection.LoseAsync();

        await rig.Broker.PublishAsync(Newer("t/150", QualityOfService.AtLeastOnce));

        await ExpectRetainedAndThenNewerAsync(rig, "t/150");
    }

    // They wait because the client is behind. What was sent, and the newest ones, which are of QoS 0, go with the connection.
    [Fact]
    public async Task NewerMessages_WaitWhenTheConnectionIsLost_ComeAfterTheRetainedOnes()
    {
        await using var rig = new BrokerRig(options => options with { MaxQueuedMessages = 100 });
        var connection = await SubscribeAsync(rig, QualityOfService.AtMostOnce);
        for (var i = 100; i < 140; i++)
        {
            await rig.Broker.PublishAsync(Newer($"t/{i}", QualityOfService.AtLeastOnce));
            await rig.Broker.PublishAsync(Newer($"t/{i}", QualityOfService.AtMostOnce));
        }

        await connection.LoseAsync();

        var seen = await ReadAgainAsync(rig);
        var waited = seen.Where(message => message is { Retain: false, Dup: false }).Select(message => message.Topic).ToList();
        waited.Count.ShouldBeGreaterThan(5);
        foreach (var topic in waited)
        {
            seen.Where(message => message.Topic == topic).Select(message => message.Retain).ShouldBe([true, false], topic);
        }
    }

    // Its outbox takes nothing any more, but its session does not know yet.
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task NewerMessage_WhileTheConnectionEnds_DoesNotCostTheRetainedOne(int newerQoS)
    {
        await using var rig = new BrokerRig();
        var connection = await SubscribeAsync(rig, QualityOfService.AtMostOnce);
        rig.Broker.Sessions.Find("a")!.Attachment!.Outbox.Close();

        await rig.Broker.PublishAsync(Newer("t/150", (QualityOfService)newerQoS));

        await connection.LoseAsync();
        var seen = await ReadAgainAsync(rig);
        seen.Where(message => message.Topic == "t/150").Select(message => message.Retain).ShouldBe(newerQoS == 0 ? [true] : [true, false]);
        rig.Broker.Counters.Dropped.ShouldBe(0);
    }

    // The connection on which the newer one came did not accept the retained one; the next one would.
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task RetainedTooLargeForOneConnection_NewerOneHasCome_DoesNotComeOnTheNext(int newerQoS)
    {
        await using var rig = new BrokerRig();
        await rig.Broker.PublishAsync(Retained("first", "old", QualityOfService.AtLeastOnce));
        await rig.Broker.PublishAsync(Retained("second", "old", QualityOfService.AtLeastOnce));
        await rig.Broker.PublishAsync(Retained("third", new string('x', 1_000), QualityOfService.AtLeastOnce));
        var connection = await rig.OpenAsync("a", change: connect => BrokerRig.Lasting(connect) with
        {
            Properties = new PropertySet { SessionExpiryInterval = 3600, ReceiveMaximum = 2, MaximumPacketSize = 200 },
        });
        var client = connection.Client;
        await client.SubscribeAsync("#");
        await client.ExpectPublishAsync("first", "old");
        await client.ExpectPublishAsync("second", "old");
        await rig.Broker.PublishAsync(Newer("third", (QualityOfService)newerQoS));
        if (newerQoS == 0)
        {
            await client.ExpectPublishAsync("third", "new");
        }

        await connection.LoseAsync();

        var seen = await ReadAgainAsync(rig);

        seen.Where(message => message.Topic == "third").Select(message => message.Text).ShouldBe(newerQoS == 0 ? [] : ["new"]);
        rig.Broker.Counters.TooLarge.ShouldBe(1);
    }

    /// <summary>A client that has read none of the retained messages that its subscription is to get.</summary>
    private static async Task<RigConnection> SubscribeAsync(BrokerRig rig, QualityOfService qos)
    {
        for (var i = 0; i < Count; i++)
        {
            await rig.Broker.PublishAsync(Retained($"t/{i}", new string('x', 4_096), qos));
        }

        var connection = await rig.OpenAsync("a", change: BrokerRig.Lasting, window: 1_024);
        await connection.Client.SubscribeAsync("t/#");

        // As long as its connection takes some of them, there is room for more.
        var outbox = rig.Broker.Sessions.Find("a").ShouldNotBeNull().Attachment.ShouldNotBeNull().Outbox;
        await Eventually.HoldsAsync("its connection takes no more", () => outbox.Stalled is not null);
        return connection;
    }

    private static async Task ExpectRetainedAndThenNewerAsync(BrokerRig rig, string topic) =>
        (await ReadAgainAsync(rig)).Where(message => message.Topic == topic).Select(message => message.Retain).ShouldBe([true, false]);

    /// <summary>What the client gets on its next connection.</summary>
    private static async Task<List<ReceivedPublish>> ReadAgainAsync(BrokerRig rig)
    {
        var client = (await rig.OpenAsync("a", change: BrokerRig.Lasting)).Client;
        var deliveries = rig.Broker.Sessions.Find("a")!.Deliveries;
        var seen = new List<ReceivedPublish>();
        for (var isOver = false; !isOver;)
        {
            isOver = deliveries.Backlog == 0;
            await client.SendAsync(new byte[] { (byte)PacketType.PingReq << 4, 0 });
            while (await client.ReadAsync("the PINGRESP comes, or a message") is ReceivedPublish message)
            {
                seen.Add(message);
                if (message.QoS == QualityOfService.AtLeastOnce)
                {
                    await client.AckAsync(PacketType.PubAck, message.PacketId);
                }
            }
        }

        return seen;
    }

    private static MqttMessage Newer(string topic, QualityOfService qos) =>
        new() { Topic = topic, Payload = Encoding.UTF8.GetBytes("new"), QoS = qos };

    private static MqttMessage Retained(string topic, string text, QualityOfService qos) =>
        new() { Topic = topic, Payload = Encoding.UTF8.GetBytes(text), QoS = qos, Retain = true };
}
