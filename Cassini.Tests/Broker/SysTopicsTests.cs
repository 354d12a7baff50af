using System.Globalization;
using System.Text;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Tests.Support;

namespace Cassini.Tests.Broker;

/// <summary>Messages to $SYS topics.</summary>
public class SysTopicsTests
{
    [Fact]
    public async Task SysTopics_Subscribed_ReportTheCounts()
    {
        await using var rig = new BrokerRig();
        var connection = await rig.OpenAsync("a");
        var client = connection.Client;
        await client.SubscribeAsync("$SYS/broker/+", QualityOfService.AtMostOnce);
        var retained = new[] { await client.ExpectAsync<ReceivedPublish>(), await client.ExpectAsync<ReceivedPublish>() };
        retained.Select(message => (message.Topic, message.Text, message.Retain)).ShouldBe(
            [("$SYS/broker/version", "Cassini 1.2.3", true), ("$SYS/broker/uptime", "0", true)], ignoreOrder: true);
        await client.SubscribeAsync("$SYS/broker/clients/+", QualityOfService.AtMostOnce);
        for (var i = 0; i < 5; i++)
        {
            await client.ExpectAsync<ReceivedPublish>();
        }

        await (await rig.OpenAsync("b", change: BrokerRig.Lasting)).LoseAsync();
        rig.Advance(10);
        await client.ExpectPublishAsync("$SYS/broker/uptime", "10");
        foreach (var (name, value) in new[] { ("connected", "1"), ("disconnected", "1"), ("total", "2"), ("maximum", "2") })
        {
            await client.ExpectPublishAsync($"$SYS/broker/clients/{name}", value);
        }

        await client.ExpectNothingAsync();
        rig.Broker.Topics.Count.ShouldBe(0);
    }

    // The names are those that exporters for other brokers read.
    [Fact]
    public async Task SysTopics_Traffic_IsCountedInPacketsMessagesAndBytes()
    {
        await using var rig = new BrokerRig();
        var publisher = await rig.ConnectAsync("p");
        var before = (rig.Broker.Counters.BytesReceived, rig.Broker.Counters.BytesSent, rig.Broker.Counters.PacketsSent);
        before.ShouldBe((ConnectWriter.Write(publisher.Connect("p")).Length, before.BytesSent, 1));
        var subscriber = await rig.ConnectAsync("s", version: 4);
        await subscriber.SubscribeAsync("t", QualityOfService.AtLeastOnce);
        await publisher.PublishAsync("t", "12345", QualityOfService.AtLeastOnce);
        await subscriber.ExpectPublishAsync("t", "12345");
        await publisher.PublishAsync("nobody", "123", QualityOfService.AtMostOnce);
        await publisher.PublishAsync("t", "1", QualityOfService.AtMostOnce);
        await subscriber.ExpectPublishAsync("t", "1");
        await subscriber.PingAsync();
        var counters = rig.Broker.Counters;
        await Eventually.HoldsAsync("everything sent is counted", () => counters.PacketsSent == 2 + 1 + 1 + 2 + 2 + 1);
        rig.Advance(60);

        Of("messages/received").ShouldBe($"{2 + 1 + 3 + 2 + 1}", "CONNECT, SUBSCRIBE, PUBLISH, PINGREQ");
        Of("messages/sent").ShouldBe($"{2 + 1 + 1 + 2 + 2 + 1}", "CONNACK, SUBACK, PUBACK, PUBLISH, PINGRESP");
        Of("publish/messages/received").ShouldBe("3");
        Of("publish/messages/sent").ShouldBe("2");
        Of("publish/bytes/received").ShouldBe("9");
        Of("publish/bytes/sent").ShouldBe("6");
        Of("bytes/received").ShouldBe($"{counters.BytesReceived}");
        Of("bytes/sent").ShouldBe($"{counters.BytesSent}");
        counters.BytesReceived.ShouldBeGreaterThan(before.BytesReceived);
        Of("load/publish/received/1min").ShouldBe((3 * (1 - Math.Exp(-1))).ToString("0.00", CultureInfo.InvariantCulture));
        Of("load/publish/received/15min").ShouldBe((3 * (1 - Math.Exp(-1 / 15.0))).ToString("0.00", CultureInfo.InvariantCulture));

        string Of(string name) => Encoding.UTF8.GetString(rig.Broker.Retained.Get(Encoding.UTF8.GetBytes($"$SYS/broker/{name}"))!.Payload);
    }

    // The update comes often, and there may be very many sessions.
    [Fact]
    public async Task SysTopics_WhenDue_LockNoSession()
    {
        await using var rig = new BrokerRig();
        var client = await rig.ConnectAsync("watcher");
        await client.SubscribeAsync("$SYS/broker/clients/total", QualityOfService.AtMostOnce);
        await client.ExpectPublishAsync("$SYS/broker/clients/total", "0");
        await rig.ConnectAsync("a");
        var sessionLock = rig.Broker.Sessions.Find("a")!.History.Lock;
        using var release = new ManualResetEventSlim();
        using var isHeld = new ManualResetEventSlim();
        var holder = Task.Run(() =>
        {
            lock (sessionLock)
            {
                isHeld.Set();
                release.Wait(TestContext.Current.CancellationToken);
            }
        });
        isHeld.Wait(Eventually.Deadline).ShouldBeTrue();

        var update = Task.Run(() => rig.Advance(10));
        try
        {
            await client.ExpectPublishAsync("$SYS/broker/clients/total", "2");
        }
        finally
        {
            release.Set();
            await Task.WhenAll(holder, update);
        }
    }
}
