using Cassini.Streams.Mqtt;

namespace Cassini.Tests.Broker;

/// <summary>What is not acknowledged waits, and is sent again after a reconnect (MQTT 5.0 §4.4, §4.6).</summary>
public class ResendTests
{
    // [MQTT-4.4.0-1], [MQTT-4.6.0-1]; 3.1.1 [MQTT-4.4.0-1]: same identifiers, same order, DUP set [MQTT-3.3.1-1].
    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Unacknowledged_AfterEachReconnect_IsSentAgainInOrder(int version)
    {
        await using var rig = new BrokerRig();
        var ids = await InterruptAsync(rig, version);
        for (var i = 0; i < 2; i++)
        {
            var connection = await rig.OpenAsync("a", version, BrokerRig.Lasting);
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
    }

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Unacknowledged_AcknowledgedAfterAReconnect_IsDone(int version)
    {
        await using var rig = new BrokerRig();
        var ids = await InterruptAsync(rig, version);
        await (await rig.OpenAsync("a", version, BrokerRig.Lasting)).LoseAsync();

        var client = (await rig.OpenAsync("a", version, BrokerRig.Lasting)).Client;
        await client.ExpectPublishAsync("t", "1");
        await client.ExpectPublishAsync("t", "2");
        await client.ExpectAckAsync(PacketType.PubRel, ids["4"]);
        await client.AckAsync(PacketType.PubComp, ids["4"]);
        await client.AckAsync(PacketType.PubRec, ids["2"]);
        await client.ExpectPublishAsync("t", "5");
        await client.ExpectPublishAsync("t", "6");
        await client.ExpectAckAsync(PacketType.PubRel, ids["2"]);
        await client.AckAsync(PacketType.PubRec, ids["2"]);
        await client.ExpectAckAsync(PacketType.PubRel, ids["2"]);
        await client.AckAsync(PacketType.PubComp, ids["2"]);
        await client.ExpectNothingAsync();
        rig.Broker.Sessions.Find("a")!.Deliveries.Backlog.ShouldBe(3);
    }

    // Resent messages come before new ones, even when the connection is blocked for a while.
    [Fact]
    public async Task Resend_WhileTheConnectionIsBlocked_ComesBeforeNewMessages()
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

    // Bytes in flight are bounded as those in the queue are, so a client that never acknowledges cannot use up the broker's memory.
    [Fact]
    public async Task Unacknowledged_ManyBytes_HoldNewMessagesBack()
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

    // A full window must be sent again, because nothing else would ever empty it.
    [Fact]
    public async Task Unacknowledged_FullWindow_IsSentAgainAfterAReconnect()
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

    /// <summary>
    /// Five messages of QoS 1 and 2 are under way to a lasting session (the third is acknowledged, the fourth received) when its connection
    /// is lost, and a sixth is published.
    /// </summary>
    private static async Task<Dictionary<string, ushort>> InterruptAsync(BrokerRig rig, int version)
    {
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
        return ids;
    }
}
