using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Tests.Support;

namespace Cassini.Tests.Broker;

/// <summary>The broker's own client.</summary>
public class CanaryTests
{
    // The canary passes the limits and is in no count.
    [Fact]
    public async Task Canary_LimitsAreReached_GetsInAndIsNotCounted()
    {
        await using var rig = new BrokerRig(options => options with { MaxSessions = 1, MemoryLimit = 1_000_000 });
        var client = await rig.ConnectAsync("a");
        await client.SubscribeAsync("#", QualityOfService.AtMostOnce);
        rig.Broker.Budget.Take(1_000_000);
        var received = rig.Broker.Counters.PacketsReceived;
        var canary = rig.Open(identity: "canary", isProbe: true).Client;
        await canary.ConnectAsync(canary.Connect("a"));
        (await canary.SubscribeAsync("$canary/1", QualityOfService.AtLeastOnce)).ShouldBe(ReasonCode.GrantedQoS1);
        await canary.SendAsync(canary.Publish("$canary/1", "1", QualityOfService.AtLeastOnce, 9));
        object[] both = [await canary.ExpectAsync<object>(), await canary.ExpectAsync<object>()];
        both.OfType<ReceivedPublish>().ShouldHaveSingleItem().Topic.ShouldBe("$canary/1");
        (await canary.SubscribeAsync("#")).ShouldBe(ReasonCode.NotAuthorized);
        rig.Broker.Sessions.Count.ShouldBe(1);
        rig.Broker.Sessions.Open.ShouldBe(1);
        rig.Broker.Topics.Count.ShouldBe(0);
        rig.Broker.Counters.PacketsReceived.ShouldBe(received);
        rig.Events.Of<SessionOpened>().Count.ShouldBe(1);
        rig.Broker.GetSubscriptions("$canary/1").ShouldBeEmpty();
        rig.Broker.Budget.Return(1_000_000);
        await client.ExpectNothingAsync();
    }

    // The health check of losses must not change because the canary is slow.
    [Fact]
    public async Task Canary_LosesMessages_CountsForItselfAlone()
    {
        const int Messages = 200;
        await using var rig = new BrokerRig();
        var canary = rig.Open(identity: "canary", isProbe: true, window: 1024).Client;
        await canary.ConnectAsync(canary.Connect("a"));
        await canary.SubscribeAsync("$canary/1", QualityOfService.AtMostOnce);
        var payload = new string('x', 200);
        await canary.SendAsync([.. Enumerable.Repeat((ReadOnlyMemory<byte>)canary.Publish("$canary/1", payload), Messages)]);
        await canary.SendAsync(new byte[] { 0xC0, 0 });

        var received = 0;
        while (await canary.ExpectAsync<object>() is ReceivedPublish)
        {
            received++;
        }

        received.ShouldBeLessThan(Messages);
        rig.Broker.Counters.Dropped.ShouldBe(0);
    }
}
