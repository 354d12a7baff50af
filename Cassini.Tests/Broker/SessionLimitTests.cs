using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Quotas;
using Cassini.Tests.Support;

namespace Cassini.Tests.Broker;

/// <summary>How many sessions there may be, in all and of one identity.</summary>
public class SessionLimitTests
{
    // One identity with random client identifiers must not shut out everyone else.
    [Theory]
    [InlineData(4, 3)]
    [InlineData(5, 0x97)]
    public async Task Identity_OneSessionTooMany_IsRefusedAndOthersAreNot(int version, int expected)
    {
        await using var rig = new BrokerRig(options => options with { MaxSessions = 30 }, quota: new QuotaOptions());
        for (var i = 0; i < 3; i++)
        {
            await (await rig.OpenAsync($"random-{i}", version, BrokerRig.Lasting, "mallory")).LoseAsync();
        }

        var refused = rig.Open(version, "mallory");
        var answer = await refused.Client.ExpectRefusalAsync(refused.Client.Connect("random-3"));
        answer.Reason.ShouldBe((ReasonCode)expected);
        if (version == 5)
        {
            answer.Properties.ReasonString.ShouldBe("this identity has 3 sessions, the most that one may have now");
        }

        rig.Events.Of<CapacityReached>().ShouldHaveSingleItem().ShouldBe(new CapacityReached(CapacityResource.Sessions, 3, "mallory"));
        rig.Broker.Statistics.SessionsRefused.ShouldBe(1);
        await rig.ConnectAsync("a", version);
        await rig.ConnectAsync("random-0", version, identity: "mallory");
        rig.Broker.Sessions.Count.ShouldBe(4);
    }

    [Fact]
    public async Task Identity_SessionEnds_MayHaveAnother()
    {
        await using var rig = new BrokerRig(quota: Sessions(1));
        for (var i = 0; i < 5; i++)
        {
            var connection = await rig.OpenAsync($"{i}");
            var refused = rig.Open();
            (await refused.Client.ExpectRefusalAsync(refused.Client.Connect("other"))).Reason.ShouldBe(ReasonCode.QuotaExceeded);
            await connection.DisconnectAsync();
        }

        rig.Broker.Sessions.Count.ShouldBe(0);
    }

    [Fact]
    public async Task Sessions_AllTaken_IsPublishedOnceASecond()
    {
        await using var rig = new BrokerRig(options => options with { MaxSessions = 1 });
        await rig.ConnectAsync("a", identity: "a");
        for (var i = 0; i < 4; i++)
        {
            if (i == 3)
            {
                rig.Advance(1);
            }

            var refused = rig.Open(identity: $"{i}");
            (await refused.Client.ExpectRefusalAsync(refused.Client.Connect($"{i}"))).Reason.ShouldBe(ReasonCode.QuotaExceeded);
            await Eventually.CompletesAsync("it ends", refused.Served);
        }

        var reached = new CapacityReached(CapacityResource.Sessions, 1) { Holder = "a", Held = 1 };
        rig.Events.Of<CapacityReached>().ShouldBe([reached, reached]);
        rig.Broker.Statistics.SessionsRefused.ShouldBe(4);
        rig.Broker.Sessions.Use.ShouldBe(new ResourceUse(1, 1, "a", 1));
    }

    // A restart must neither lose sessions that are over a share by now, nor forget them.
    [Fact]
    public async Task Restored_OverTheShare_CountAndAreKept()
    {
        var store = new InMemoryStore();
        await using (var before = new BrokerRig(store: store))
        {
            for (var i = 0; i < 3; i++)
            {
                await (await before.OpenAsync($"{i}", change: BrokerRig.Lasting)).LoseAsync();
            }
        }

        await using var rig = new BrokerRig(store: store, quota: Sessions(2));
        await rig.Broker.LoadAsync(TestContext.Current.CancellationToken);
        rig.Broker.Sessions.Count.ShouldBe(3);
        await rig.ConnectAsync("0", change: BrokerRig.Lasting);
        var refused = rig.Open();
        (await refused.Client.ExpectRefusalAsync(refused.Client.Connect("new"))).Reason.ShouldBe(ReasonCode.QuotaExceeded);
    }

    [Fact]
    public async Task Memory_PublisherRefused_IsPublished()
    {
        await using var rig = new BrokerRig(
            options => options with { MemoryLimit = 1024 * 1024, MemoryPatience = TimeSpan.FromSeconds(1) });
        var away = await rig.OpenAsync("away", change: BrokerRig.Lasting, identity: "slow");
        await away.Client.SubscribeAsync("t", QualityOfService.AtLeastOnce);
        await away.LoseAsync();
        var publisher = await rig.ConnectAsync("p");
        for (var i = 0; i < 60; i++)
        {
            await publisher.PublishAsync("t", new string('x', 10_000), QualityOfService.AtLeastOnce);
        }

        rig.Broker.Budget.Use.Holder.ShouldBe("slow");
        rig.Broker.Budget.Use.Held.ShouldBeInRange(600_000, 620_000);
        rig.Broker.Budget.Take(1024 * 1024);
        await publisher.SendAsync(publisher.Publish("t", "1", QualityOfService.AtLeastOnce, publisher.NextPacketId()));
        await Eventually.HoldsAsync("it waits", () => rig.Clock.Time.ArmedTimers > 0);
        rig.Clock.AdvanceBy(TimeSpan.FromSeconds(1));
        (await publisher.ExpectAsync<AckPacket>()).Reason.ShouldBe(ReasonCode.QuotaExceeded);
        var reached = rig.Events.Of<CapacityReached>().ShouldHaveSingleItem();
        reached.ShouldBe(new CapacityReached(CapacityResource.Memory, 1024 * 1024) { Holder = "slow", Held = reached.Held });
        reached.Held.ShouldBeInRange(600_000, 620_000);
        rig.Broker.Budget.Return(1024 * 1024);
    }

    [Fact]
    public async Task AbsentBacklog_MessagesWaitForAbsentClients_IsOfTheIdentityThatHasMost()
    {
        await using var rig = new BrokerRig();
        rig.Broker.AbsentBacklog.ShouldBe((null, 0));
        foreach (var (clientId, identity) in ((string, string)[])[("a", "mallory"), ("b", "mallory"), ("c", "carol")])
        {
            var away = await rig.OpenAsync(clientId, change: BrokerRig.Lasting, identity: identity);
            await away.Client.SubscribeAsync("t", QualityOfService.AtLeastOnce);
            await away.LoseAsync();
        }

        var present = await rig.ConnectAsync("d", change: BrokerRig.Lasting, identity: "dave");
        await present.SubscribeAsync("t", QualityOfService.AtLeastOnce);
        var publisher = await rig.ConnectAsync("p");
        await publisher.PublishAsync("t", "1", QualityOfService.AtLeastOnce);
        await publisher.PublishAsync("t", "2", QualityOfService.AtLeastOnce);

        rig.Broker.AbsentBacklog.ShouldBe(("mallory", 4));
    }

    [Fact]
    public async Task Retained_NoPlaceIsLeft_IsPublished()
    {
        await using var rig = new BrokerRig(options => options with { MaxRetained = 2 });
        rig.Broker.RetainedUse.ShouldBe(new ResourceUse(0, 2), "the broker's own do not count");
        var publisher = await rig.ConnectAsync("p");
        foreach (var topic in (string[])["a", "b", "c"])
        {
            await publisher.PublishAsync(topic, "1", QualityOfService.AtLeastOnce, retain: true);
        }

        rig.Events.Of<CapacityReached>().ShouldBe([new CapacityReached(CapacityResource.Retained, 2) { Holder = "alice", Held = 2 }]);
        rig.Broker.RetainedUse.ShouldBe(new ResourceUse(2, 2, "alice", 2));
    }

    [Fact]
    public async Task Retained_TheirMemoryIsUsedUp_IsTheLimit()
    {
        await using var rig = new BrokerRig(options => options with { MemoryLimit = 1024 * 1024 });
        var publisher = await rig.ConnectAsync("p");
        for (var i = 0; i < 60; i++)
        {
            await publisher.PublishAsync($"t/{i}", new string('x', 10_000), QualityOfService.AtLeastOnce, retain: true);
        }

        var use = rig.Broker.RetainedUse!;
        use.Used.ShouldBeInRange(40, 52);
        use.Limit.ShouldBe(use.Used);
        rig.Events.Of<CapacityReached>().Select(reached => (reached.Resource, reached.Limit)).Distinct()
            .ShouldBe([(CapacityResource.Retained, use.Limit)]);
    }

    [Fact]
    public async Task Memory_SessionsOfOneIdentityWaitForTheSamePayloads_HoldThemOnce()
    {
        await using var rig = new BrokerRig(options => options with { MemoryLimit = 1024 * 1024 });
        for (var i = 0; i < 3; i++)
        {
            var away = await rig.OpenAsync($"away-{i}", change: BrokerRig.Lasting, identity: "slow");
            await away.Client.SubscribeAsync("t", QualityOfService.AtLeastOnce);
            await away.LoseAsync();
        }

        var publisher = await rig.ConnectAsync("p");
        for (var i = 0; i < 60; i++)
        {
            await publisher.PublishAsync("t", new string('x', 10_000), QualityOfService.AtLeastOnce);
        }

        var use = rig.Broker.Budget.Use;
        use.Holder.ShouldBe("slow");
        use.Held.ShouldBeInRange(600_000, 660_000);
    }

    private static QuotaOptions Sessions(int most) => QuotaOptions.Whole with { Sessions = Share.Of(most) };
}
