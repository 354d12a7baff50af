using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Mqtt.Properties;
using Cassini.Tests.Support;

namespace Cassini.Tests.Broker;

/// <summary>The broker's memory limit, and that all memory is returned.</summary>
public class MemoryLimitTests
{
    [Fact]
    public async Task Memory_EverythingIsDeliveredOrEnded_IsReturned()
    {
        await using var rig = new BrokerRig();
        rig.Broker.Topics.Get("t"u8).IsListed.ShouldBeTrue("it stays when all else is returned");
        var used = rig.Broker.Budget.Used;
        var publisher = await rig.OpenAsync("p");
        var reader = await rig.OpenAsync("reader", change: BrokerRig.Lasting);
        await reader.Client.SubscribeAsync("#");
        var away = await rig.OpenAsync("away", change: BrokerRig.Lasting);
        await away.Client.SubscribeAsync("#");
        await away.LoseAsync();
        foreach (var qos in new[] { QualityOfService.AtMostOnce, QualityOfService.AtLeastOnce, QualityOfService.ExactlyOnce })
        {
            await publisher.Client.PublishAsync("t", new string('x', 10_000), qos, retain: true);
            var message = await reader.Client.ExpectAsync<ReceivedPublish>();
            if (qos == QualityOfService.AtLeastOnce)
            {
                await reader.Client.AckAsync(PacketType.PubAck, message.PacketId);
            }
        }

        rig.Broker.Budget.Used.ShouldBeGreaterThan(used + 20_000);
        await reader.LoseAsync();
        await (await rig.OpenAsync("reader")).DisconnectAsync();
        await (await rig.OpenAsync("away")).DisconnectAsync();
        await publisher.Client.PublishAsync("t", "", retain: true);
        await publisher.DisconnectAsync();

        await Eventually.BecomesAsync("the buffers are returned", () => rig.Broker.Budget.Used, left => left <= used);
    }

    [Fact]
    public async Task MemoryLimit_Reached_HoldsPublishersBackUntilMemoryIsFree()
    {
        await using var rig = new BrokerRig(options => options with { MemoryLimit = 1_000_000 });
        var publisher = await rig.ConnectAsync("p");
        await publisher.PingAsync();
        rig.Broker.Budget.Take(1_000_000);
        var publishing = publisher.PublishAsync("t", "1", QualityOfService.AtLeastOnce);
        await Eventually.HoldsAsync("the publisher waits", () => rig.Clock.Time.ArmedTimers == 1);
        publishing.IsCompleted.ShouldBeFalse();
        rig.Broker.Budget.Return(500_000);
        (await publishing).ShouldBe(ReasonCode.NoMatchingSubscribers);
        rig.Broker.Counters.Dropped.ShouldBe(0);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task MemoryLimit_PatienceIsOver_RefusesTheMessages(int version)
    {
        await using var rig = new BrokerRig(options => options with { MemoryLimit = 1_000_000, MemoryPatience = TimeSpan.FromSeconds(5) });
        var watcher = await rig.ConnectAsync("w");
        await watcher.SubscribeAsync("#", QualityOfService.AtMostOnce);
        var publisher = await rig.OpenAsync("p", version);
        rig.Broker.Budget.Take(1_000_000);
        await publisher.Client.SendAsync(
            publisher.Client.Publish("t", "0"),
            publisher.Client.Publish("t", "1", QualityOfService.AtLeastOnce, 1),
            publisher.Client.Publish("t", "2", QualityOfService.ExactlyOnce, 2));
        await Eventually.HoldsAsync("the publisher waits", () => rig.Clock.Time.ArmedTimers == 1);
        rig.Advance(5.1);
        if (version == 5)
        {
            (await publisher.Client.ExpectAckAsync(PacketType.PubAck, 1)).ShouldBe(ReasonCode.QuotaExceeded);
            (await publisher.Client.ExpectAckAsync(PacketType.PubRec, 2)).ShouldBe(ReasonCode.QuotaExceeded);
            rig.Broker.Statistics.Refused.ShouldBe(3);
            rig.Broker.Counters.Dropped.ShouldBe(0, "its publisher was told: nothing was lost on the way to a subscriber");
            rig.Broker.Budget.Return(1_000_000);
            await publisher.Client.SendAsync(publisher.Client.Publish("t", "again", QualityOfService.ExactlyOnce, 2));
            (await publisher.Client.ExpectAckAsync(PacketType.PubRec, 2)).ShouldBe(ReasonCode.Success);
            await watcher.ExpectPublishAsync("t", "again");
        }
        else
        {
            await publisher.Client.ExpectEndAsync();
            publisher.Closing.ShouldBe(CloseReason.OutOfMemory);
            rig.Broker.Budget.Return(1_000_000);
        }

        await watcher.ExpectNothingAsync();
    }

    // An accepted message is not refused when it is sent again, because it has been delivered.
    [Fact]
    public async Task MemoryLimit_QoS2MessageIsSentAgain_IsAcknowledged()
    {
        await using var rig = new BrokerRig(options => options with { MemoryLimit = 1_000_000 });
        var publisher = await rig.ConnectAsync("p");
        await publisher.SendAsync(publisher.Publish("t", "1", QualityOfService.ExactlyOnce, 1));
        await publisher.ExpectAckAsync(PacketType.PubRec, 1);
        rig.Broker.Budget.Take(1_000_000);
        await publisher.SendAsync(publisher.Publish("t", "1", QualityOfService.ExactlyOnce, 1, dup: true));
        await Eventually.HoldsAsync("the publisher waits", () => rig.Clock.Time.ArmedTimers == 1);
        rig.Advance(6);
        (await publisher.ExpectAckAsync(PacketType.PubRec, 1)).ShouldBe(ReasonCode.Success);
        rig.Broker.Budget.Return(1_000_000);
        await publisher.AckAsync(PacketType.PubRel, 1);
        (await publisher.ExpectAckAsync(PacketType.PubComp, 1)).ShouldBe(ReasonCode.Success);
    }

    [Fact]
    public async Task Subscribe_WithoutMemory_IsRefused()
    {
        await using var rig = new BrokerRig(options => options with { MemoryLimit = 200_000, MaxSubscriptions = 10_000 });
        var before = rig.Broker.Budget.Used;
        var client = await rig.ConnectAsync("a");
        var requests = Enumerable.Range(0, 500).Select(i => new SubscriptionRequest(
            $"{i}/{string.Join('/', Enumerable.Repeat("x", 40))}", QualityOfService.AtMostOnce, false, false, RetainHandling.Send));

        await client.SendAsync(new SubscribePacket(9, [.. requests], PropertySet.Empty).Write(ProtocolVersion.V500));

        (await client.ExpectAsync<SubAckPacket>()).Reasons[^1].ShouldBe(ReasonCode.QuotaExceeded);
        rig.Broker.Budget.Used.ShouldBeGreaterThan(100_000);
        await client.SendAsync(new ReasonPacket(PacketType.Disconnect, ReasonCode.Success, PropertySet.Empty).Write(ProtocolVersion.V500));
        await Eventually.BecomesAsync("the memory is returned", () => rig.Broker.Budget.Used, used => used < before + 5_000);
    }
}
