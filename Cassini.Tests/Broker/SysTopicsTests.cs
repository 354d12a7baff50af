using Cassini.Streams.Mqtt;

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
        for (var i = 0; i < 4; i++)
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
}
