using Cassini.Streams.Broker.Model;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Tests.Support;

namespace Cassini.Tests.Broker;

/// <summary>The store keeps no new messages: who needs it is told so, and all others are served as ever.</summary>
public class StoreRefusalTests
{
    [Theory]
    [InlineData(QualityOfService.AtLeastOnce)]
    [InlineData(QualityOfService.ExactlyOnce)]
    public async Task Publish_ToAStoredSession_IsRefusedUntilTheStoreHasRoom(QualityOfService qos)
    {
        await using var rig = new BrokerRig();
        var keeper = await rig.OpenAsync("keeper", change: BrokerRig.Lasting);
        await keeper.Client.SubscribeAsync("t");
        var publisher = await rig.ConnectAsync("p");
        rig.Store.Refusal = "the disk is full";

        (await publisher.PublishAsync("t", "1", qos)).ShouldBe(ReasonCode.QuotaExceeded);
        rig.Broker.Statistics.Refused.ShouldBe(1);

        rig.Store.Refusal = null;
        (await publisher.PublishAsync("t", "2", qos)).ShouldBe(ReasonCode.Success);
        await keeper.Client.ExpectPublishAsync("t", "2");
    }

    [Fact]
    public async Task Publish_ToAStoredSessionInVersion311_EndsTheConnection()
    {
        await using var rig = new BrokerRig();
        await (await rig.OpenAsync("keeper", change: BrokerRig.Lasting)).Client.SubscribeAsync("t");
        var publisher = await rig.OpenAsync("p", version: 4);
        rig.Store.Refusal = "the disk is full";

        await publisher.Client.SendAsync(publisher.Client.Publish("t", "1", QualityOfService.AtLeastOnce, 1));

        await publisher.Client.ExpectEndAsync();
        await Eventually.CompletesAsync("it is over", publisher.Served);
        publisher.Closing.ShouldBe(CloseReason.StoreUnavailable);
    }

    [Fact]
    public async Task Publish_OnlyMembersOfASharedSubscriptionKeepIt_IsRefused()
    {
        await using var rig = new BrokerRig();
        await (await rig.OpenAsync("keeper", change: BrokerRig.Lasting)).Client.SubscribeAsync("$share/g/t");
        var publisher = await rig.ConnectAsync("p");
        rig.Store.Refusal = "the disk is full";

        (await publisher.PublishAsync("t", "1", QualityOfService.AtLeastOnce)).ShouldBe(ReasonCode.QuotaExceeded);
    }

    [Fact]
    public async Task Publish_NothingOfItIsStored_IsServed()
    {
        await using var rig = new BrokerRig();
        var keeper = await rig.OpenAsync("keeper", change: BrokerRig.Lasting);
        await keeper.Client.SubscribeAsync("zero", QualityOfService.AtMostOnce);
        var subscriber = await rig.ConnectAsync("s");
        await subscriber.SubscribeAsync("t");
        var publisher = await rig.ConnectAsync("p");
        rig.Store.Refusal = "the disk is full";

        (await publisher.PublishAsync("t", "1", QualityOfService.ExactlyOnce)).ShouldBe(ReasonCode.Success);
        await subscriber.ExpectPublishAsync("t", "1");
        (await publisher.PublishAsync("zero", "2", QualityOfService.AtLeastOnce)).ShouldBe(ReasonCode.Success);
        await keeper.Client.ExpectPublishAsync("zero", "2");
    }

    [Fact]
    public async Task Publish_ToBeRetained_IsRefusedAndNotRetained()
    {
        await using var rig = new BrokerRig();
        var publisher = await rig.ConnectAsync("p");
        rig.Store.Refusal = "the disk is full";

        (await publisher.PublishAsync("t", "1", QualityOfService.AtLeastOnce, retain: true)).ShouldBe(ReasonCode.QuotaExceeded);
        rig.Broker.Retained.Count.ShouldBe(0);

        // To remove one makes room.
        (await publisher.PublishAsync("t", "", QualityOfService.AtLeastOnce, retain: true)).ShouldBe(ReasonCode.NoMatchingSubscribers);
    }

    [Fact]
    public async Task Publish_QoS2OfAStoredSessionReceivedBefore_GetsItsAnswer()
    {
        await using var rig = new BrokerRig();
        var publisher = await rig.OpenAsync("p", change: BrokerRig.Lasting);
        await publisher.Client.SendAsync(publisher.Client.Publish("t", "1", QualityOfService.ExactlyOnce, 7));
        (await publisher.Client.ExpectAckAsync(PacketType.PubRec, 7)).ShouldBe(ReasonCode.NoMatchingSubscribers);
        rig.Store.Refusal = "the disk is full";

        await publisher.Client.SendAsync(publisher.Client.Publish("t", "1", QualityOfService.ExactlyOnce, 7, dup: true));
        (await publisher.Client.ExpectAckAsync(PacketType.PubRec, 7)).ShouldBe(ReasonCode.Success);
        await publisher.Client.AckAsync(PacketType.PubRel, 7);
        (await publisher.Client.ExpectAckAsync(PacketType.PubComp, 7)).ShouldBe(ReasonCode.Success);

        (await publisher.Client.PublishAsync("t", "2", QualityOfService.ExactlyOnce)).ShouldBe(ReasonCode.QuotaExceeded);
    }

    [Fact]
    public async Task Publish_ByCodeInTheProcess_IsRefusedIfAnythingOfItWouldBeStored()
    {
        await using var rig = new BrokerRig();
        await (await rig.OpenAsync("keeper", change: BrokerRig.Lasting)).Client.SubscribeAsync("t");
        await (await rig.ConnectAsync("s")).SubscribeAsync("u");
        var message = new MqttMessage { Topic = "t", Payload = "1"u8.ToArray(), QoS = QualityOfService.AtLeastOnce };
        var token = TestContext.Current.CancellationToken;
        rig.Store.Refusal = "the disk is full";

        (await rig.Broker.PublishAsync(message, token)).ShouldBe(PublishOutcome.Refused);
        (await rig.Broker.PublishAsync(message with { Topic = "u", Retain = true }, token)).ShouldBe(PublishOutcome.Refused);
        rig.Broker.Retained.Count.ShouldBe(0);
        rig.Broker.Statistics.QueuedMessages.ShouldBe(0);
        (await rig.Broker.PublishAsync(message with { Topic = "u" }, token)).ShouldBe(PublishOutcome.Delivered);
        (await rig.Broker.PublishAsync(message with { QoS = QualityOfService.AtMostOnce }, token)).ShouldBe(PublishOutcome.Delivered);

        rig.Store.Refusal = null;
        (await rig.Broker.PublishAsync(message, token)).ShouldBe(PublishOutcome.Delivered);
    }

    // What is stored already goes out, and its acknowledgements are taken in.
    [Fact]
    public async Task Acknowledgement_OfWhatIsStored_IsTaken()
    {
        await using var rig = new BrokerRig();
        var keeper = await rig.OpenAsync("keeper", change: BrokerRig.Lasting);
        await keeper.Client.SubscribeAsync("t");
        await (await rig.ConnectAsync("p")).PublishAsync("t", "1", QualityOfService.AtLeastOnce);
        var message = await keeper.Client.ExpectPublishAsync("t", "1");
        rig.Store.Refusal = "the disk is full";

        await keeper.Client.AckAsync(PacketType.PubAck, message.PacketId);
        await keeper.Client.PingAsync();

        rig.Broker.Statistics.QueuedMessages.ShouldBe(0);
    }

    // Too much waits for the disk: who adds to it is not read, and nobody else is held back.
    [Fact]
    public async Task Room_NothingIsDurable_HoldsBackOnlyWhoNeedsTheStore()
    {
        var store = new InMemoryStore();
        await using var rig = new BrokerRig(store: store);
        var keeper = await rig.OpenAsync("keeper", change: BrokerRig.Lasting);
        await keeper.Client.SubscribeAsync("stored");
        var subscriber = await rig.ConnectAsync("s");
        await subscriber.SubscribeAsync("t");
        var (stored, other) = (await rig.ConnectAsync("p"), await rig.ConnectAsync("q"));
        var durable = new TaskCompletionSource();
        store.Committing = () => durable.Task;

        store.Durability.Room = long.MaxValue - 1;
        await stored.SendAsync(stored.Publish("stored", "1", QualityOfService.AtLeastOnce, 1));
        await keeper.Client.ExpectPublishAsync("stored", "1");
        await stored.SendAsync(stored.Publish("t", "from the one that is held back"));
        (await other.PublishAsync("t", "1", QualityOfService.AtLeastOnce)).ShouldBe(ReasonCode.Success);
        await subscriber.ExpectPublishAsync("t", "1");
        await subscriber.ExpectNothingAsync();

        store.Durability.Room = 0;
        durable.SetResult();
        store.Durability.Reach(long.MaxValue - 1);
        await subscriber.ExpectPublishAsync("t", "from the one that is held back");
    }

    // Each connection that waits for the disk would otherwise stay in memory until it works again.
    [Fact]
    public async Task Connection_EndsWhileItsAnswersWaitForTheDisk_NothingOfItWaitsOn()
    {
        var store = new InMemoryStore();
        await using var rig = new BrokerRig(store: store);
        var durable = new TaskCompletionSource();
        store.Committing = () => durable.Task;

        for (var i = 0; i < 3; i++)
        {
            var waiting = rig.Open();
            await waiting.Client.SendAsync(ConnectWriter.Write(BrokerRig.Lasting(waiting.Client.Connect("comes and goes"))));
            await Eventually.HoldsAsync("its CONNACK waits", () => store.Durability.Waiting == 1);
            var lost = waiting.LoseAsync();
            await Eventually.HoldsAsync("it is over", () =>
            {
                rig.Advance(1);
                return lost.IsCompleted;
            });
            await lost;
            store.Durability.Waiting.ShouldBe(0);
        }

        durable.SetResult();
    }

    [Fact]
    public async Task Connect_TooMuchWaitsForTheDisk_OnlyClientsThatNeedTheStoreAreToldToComeLater()
    {
        var store = new InMemoryStore();
        await using var rig = new BrokerRig(store: store);
        store.Durability.Room = long.MaxValue - 1;

        foreach (var change in (Func<ConnectPacket, ConnectPacket>[])[BrokerRig.Lasting, connect => BrokerRig.WithWill(connect)])
        {
            var keeper = rig.Open().Client;
            var refused = keeper.ExpectRefusalAsync(change(keeper.Connect("keeper")));
            await Eventually.HoldsAsync("it waited", () =>
            {
                rig.Advance(1);
                return refused.IsCompleted;
            });
            (await refused).Reason.ShouldBe(ReasonCode.ServerBusy);
            store.Durability.Waiting.ShouldBe(0);
        }

        store.Sessions.ShouldBeEmpty();
        store.Wills.ShouldBeEmpty();
        await rig.ConnectAsync("other");
    }
}
