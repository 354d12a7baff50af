using Cassini.Streams.Broker.Model;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Mqtt.Properties;
using Cassini.Tests.Support;

namespace Cassini.Tests.Broker;

/// <summary>A batch that takes several slices is one batch all the same.</summary>
public class SlicedBatchTests
{
    private const int Many = 40_000;

    // What is copied for each subscriber is work, whatever it is.
    [Fact]
    public async Task Publish_LargePropertiesToVeryMany_AreFewInASlice()
    {
        const int Size = 60_000;
        await using var rig = new BrokerRig();
        var publisher = await rig.OpenAsync("p", identity: "busy");
        var crowd = Crowd.Subscribe(rig, Many);
        using var turns = new SingleTurns(rig, publisher.Transport.Account);
        var properties = MessageProperties.Encode(new PropertySet { UserProperties = [new UserProperty("a", new string('x', Size))] });
        var writer = new PublishWriter { Topic = "t"u8, Payload = "1"u8, MessageProperties = properties };
        var packet = new byte[writer.Measure(ProtocolVersion.V500)];
        writer.Write(packet, ProtocolVersion.V500);

        await publisher.Client.SendAsync(packet);
        var served = 0;
        await turns.RunAsync(() => Task.FromResult(served = crowd.Count(member => member.Got.Count > 0)), () => served > 0);

        served.ShouldBeLessThan(WorkSlice.Most / 10);
        turns.Dispose();
        await Eventually.HoldsAsync("all have it", () => crowd.TrueForAll(member => member.Got.Count > 0));
    }

    // The patience is for a batch, not for each slice of it.
    [Fact]
    public async Task Memory_IsExhaustedAndABatchTakesSlices_IsWaitedForOnce()
    {
        await using var rig = new BrokerRig(
            options => options with { MemoryLimit = 10_000_000, MemoryPatience = TimeSpan.FromSeconds(60) });
        var publisher = await rig.OpenAsync("p");
        Crowd.Subscribe(rig, Many);
        rig.Broker.Budget.Take(10_000_000);
        await publisher.Client.SendAsync((byte[])
        [
            .. Crowd.PublishPacketOf("t", "1", 1),
            .. Crowd.PublishPacketOf("t", "", 2, retain: true), // takes no memory, but several slices
            .. Crowd.PublishPacketOf("t", "3", 3),
        ]);
        await Eventually.HoldsAsync("the publisher waits", () => rig.Clock.Time.ArmedTimers == 1);

        rig.Clock.AdvanceBy(TimeSpan.FromSeconds(61));

        (await publisher.Client.ExpectAckAsync(PacketType.PubAck, 1)).ShouldBe(ReasonCode.QuotaExceeded);
        (await publisher.Client.ExpectAckAsync(PacketType.PubAck, 2)).ShouldBe(ReasonCode.Success);
        (await publisher.Client.ExpectAckAsync(PacketType.PubAck, 3)).ShouldBe(ReasonCode.QuotaExceeded);
        rig.Broker.Budget.Return(10_000_000);
    }
}
