using Cassini.Streams.Mqtt;
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
