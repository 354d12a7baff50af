using Cassini.Streams.Broker;
using Cassini.Streams.Broker.Connections;
using Cassini.Streams.Broker.Outgoing;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Mqtt.Properties;
using Cassini.Tests.Support;

namespace Cassini.Tests.Broker;

/// <summary>Queues of slow and offline clients.</summary>
public class QueueLimitTests
{
    private const int Window = 16 * 1024;

    [Theory]
    [InlineData("count")]
    [InlineData("bytes")]
    public async Task SlowConsumer_QueueIsFull_LosesQoS0AndSlowsNoOtherClient(string limit)
    {
        await using var rig = new BrokerRig(options => limit == "count"
            ? options with { MaxQueuedMessages = 10 }
            : options with { MaxQueuedBytes = 64 * 1024 });
        var slow = await rig.OpenAsync("slow", window: Window);
        await slow.Client.SubscribeAsync("t", QualityOfService.AtMostOnce);
        var quick = await rig.ConnectAsync("quick");
        await quick.SubscribeAsync("t", QualityOfService.AtMostOnce);
        var publisher = await rig.ConnectAsync("p");
        var payload = new string('x', 4000);
        for (var i = 0; i < 100; i++)
        {
            await publisher.PublishAsync("t", $"{i:000}{payload}");
            await quick.ExpectPublishAsync("t", $"{i:000}{payload}");
        }

        var dropped = rig.Broker.Counters.DroppedQoS0;
        dropped.ShouldBeInRange(50, 95);
        var next = 0;
        for (var i = 0; i < 100 - dropped; i++)
        {
            var number = int.Parse((await slow.Client.ExpectAsync<ReceivedPublish>()).Text[..3]);
            number.ShouldBeGreaterThanOrEqualTo(next, "what it gets is in order");
            next = number + 1;
        }

        await slow.Client.ExpectNothingAsync();
        rig.Advance(1);
        rig.Events.Of<MessagesDropped>().ShouldBe([new MessagesDropped("slow", dropped)]);
        rig.Advance(1);
        rig.Events.Of<MessagesDropped>().Count.ShouldBe(1, "nothing was dropped in this second");
        rig.Broker.Statistics.Dropped.ShouldBe(dropped);
    }

    // QoS 1 and 2 wait in the session instead, and are sent when the client reads again.
    [Theory]
    [InlineData(QualityOfService.AtLeastOnce)]
    [InlineData(QualityOfService.ExactlyOnce)]
    public async Task SlowConsumer_QueueIsFull_GetsQoS1And2Later(QualityOfService qos)
    {
        await using var rig = new BrokerRig(options => options with { MaxQueuedBytes = 100 * 1024 });
        var slow = await rig.OpenAsync("slow", window: Window);
        await slow.Client.SubscribeAsync("t");
        var publisher = await rig.ConnectAsync("p");
        var payload = new string('x', 4000);
        for (var i = 0; i < 20; i++)
        {
            await publisher.PublishAsync("t", $"{i:000}{payload}", qos);
        }

        for (var i = 0; i < 20; i++)
        {
            await slow.Client.ExpectPublishAsync("t", $"{i:000}{payload}");
        }

        rig.Broker.Counters.Dropped.ShouldBe(0);
    }

    // What the reader fails with is then a consequence, and must not hide the bug.
    [Fact]
    public async Task Crash_ReaderFailsToo_IsTheFailureOfTheConnection()
    {
        await using var rig = new BrokerRig();
        var connection = await rig.OpenAsync("a", change: BrokerRig.Lasting);
        var link = (ClientLink)rig.Broker.Sessions.Find("a")!.Attachment!.Connection;
        var bug = new InvalidOperationException("a bug");
        rig.Store.PuttingSubscription = () =>
        {
            ((IOutboxOwner)link.Connection).OnCrashed(bug);
            throw new IOException("the disk");
        };

        await connection.Client.SendAsync(
            new SubscribePacket(9, [new("t", QualityOfService.AtMostOnce, false, false, RetainHandling.Send)], PropertySet.Empty)
                .Write(ProtocolVersion.V500));

        await connection.ExpectCrashAsync(bug);
    }

    [Fact]
    public async Task Crash_AfterTheConnectionHasEnded_IsLogged()
    {
        var logger = new RecordingLogger<MqttBroker>();
        await using var rig = new BrokerRig(logger: logger);
        var connection = await rig.OpenAsync("a");
        var link = (ClientLink)rig.Broker.Sessions.Find("a")!.Attachment!.Connection;
        await connection.CloseAsync();

        var bug = new InvalidOperationException("a bug");
        ((IOutboxOwner)link.Connection).OnCrashed(bug);

        logger.Entries.ShouldHaveSingleItem().Exception.ShouldBe(bug);
    }

    // A bug that shows while the backlog is sent, on whatever thread that is, must be logged and reported as one.
    [Fact]
    public async Task Delivery_ThatFailsAfterABacklog_CrashesItsOwnConnectionAlone()
    {
        await using var rig = new BrokerRig(options => options with { MaxQueuedBytes = 100 * 1024 });
        var slow = await rig.OpenAsync("slow", change: BrokerRig.Lasting, window: Window);
        await slow.Client.SubscribeAsync("t");
        var publisher = await rig.ConnectAsync("p");
        for (var i = 0; i < 20; i++)
        {
            await publisher.PublishAsync("t", new string('x', 4000), QualityOfService.AtLeastOnce);
        }

        var bug = new InvalidOperationException("a bug");
        rig.Store.PuttingDelivery = () => throw bug;
        await Eventually.CompletesAsync(
            "the client reads to the end", slow.Client.Stream.CopyToAsync(Stream.Null, TestContext.Current.CancellationToken));

        await slow.ExpectCrashAsync(bug);
        rig.Store.PuttingDelivery = () => { };
        (await publisher.PublishAsync("t", "more", QualityOfService.AtLeastOnce)).ShouldBe(ReasonCode.Success);
    }

    [Theory]
    [InlineData(4, "count")]
    [InlineData(5, "count")]
    [InlineData(5, "bytes")]
    public async Task OfflineQueue_IsBoundedAndKeepsTheOldest(int version, string limit)
    {
        await using var rig = new BrokerRig(options => limit == "count"
            ? options with { MaxQueuedMessages = 5 }
            : options with { MaxQueuedBytes = 5 * 1200 });
        var away = await rig.OpenAsync("away", version, BrokerRig.Lasting);
        await away.Client.SubscribeAsync("t");
        await away.DisconnectAsync();
        var publisher = await rig.ConnectAsync("p", version);
        var payload = new string('x', 1000);
        for (var i = 0; i < 9; i++)
        {
            await publisher.PublishAsync("t", $"{i}{payload}", QualityOfService.AtLeastOnce);
            await publisher.PublishAsync("t", "QoS 0 is not queued for an offline client");
        }

        rig.Broker.Counters.DroppedReliable.ShouldBe(4);
        rig.Broker.Counters.DroppedQoS0.ShouldBe(0);
        var client = await rig.ConnectAsync("away", version, BrokerRig.Lasting);
        for (var i = 0; i < 5; i++)
        {
            var message = await client.ExpectPublishAsync("t", $"{i}{payload}");
            await client.AckAsync(PacketType.PubAck, message.PacketId);
        }

        await client.ExpectNothingAsync();
        await publisher.PublishAsync("t", "room again", QualityOfService.AtLeastOnce);
        await client.ExpectPublishAsync("t", "room again");
        rig.Advance(1);
        rig.Events.Of<MessagesDropped>().ShouldBe([new MessagesDropped("away", 4)]);
    }
}
