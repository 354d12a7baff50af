using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Sessions;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Mqtt.Properties;
using Cassini.Streams.Quotas;
using Cassini.Tests.Support;

namespace Cassini.Tests.Broker;

/// <summary>How many shared subscriptions there may be, in all and of one identity: each share takes a copy of every message.</summary>
public class SharedSubscriptionLimitTests
{
    private const string Mallory = "mallory";

    [Theory]
    [InlineData(4, 0x80)]
    [InlineData(5, 0x97)]
    public async Task Identity_OneTooMany_IsRefusedPublishedAndCountedAndOthersAreServed(int version, int expected)
    {
        await using var rig = Rig(Share.Of(3));
        var client = await rig.ConnectAsync("m", version, identity: Mallory);
        await client.SubscribeAsync("$share/a/$SYS/#");
        await client.SubscribeAsync("$share/b/#");
        var answer = await client.SubscribeAsync(
            [Request("$share/c/#"), Request("$share/d/#"), Request("own"), Request("$share/c/#")], PropertySet.Empty);

        answer.Reasons.ShouldBe(
            [ReasonCode.GrantedQoS1, (ReasonCode)expected, ReasonCode.GrantedQoS1, ReasonCode.GrantedQoS1], "the last replaces one");
        if (version == 5)
        {
            answer.Properties.ReasonString.ShouldBe("this identity has 3 shared subscriptions, the most that one may have now");
        }

        rig.Events.Of<CapacityReached>()
            .ShouldBe([new CapacityReached(CapacityResource.SharedSubscriptions, 3, Mallory)]);
        rig.Accounts.OverQuota(CapacityResource.SharedSubscriptions).ShouldBe(1);
        Held(rig).ShouldBe(3);
        var bystander = await rig.ConnectAsync("b", version, identity: "bob");
        (await bystander.SubscribeAsync("$share/a/mine", QualityOfService.AtLeastOnce)).ShouldBe(ReasonCode.GrantedQoS1);
        await PublishToItselfAsync(bystander);
    }

    [Fact]
    public async Task All_OneTooMany_IsRefusedAndTellsWhoHasMost()
    {
        await using var rig = Rig(Share.Percent(100));
        await SubscribeAsync(await rig.ConnectAsync("m", identity: Mallory), 9);
        var other = await rig.ConnectAsync("o", identity: "other");
        (await other.SubscribeAsync("$share/other/#")).ShouldBe(ReasonCode.GrantedQoS2);

        var answer = await other.SubscribeAsync([Request("$share/more/#")], PropertySet.Empty);

        answer.Reasons.ShouldBe([ReasonCode.QuotaExceeded]);
        answer.Properties.ReasonString.ShouldBe("10 shared subscriptions exist");
        rig.Events.Of<CapacityReached>().ShouldBe(
            [new CapacityReached(CapacityResource.SharedSubscriptions, 10) { Holder = Mallory, Held = 9 }]);
        rig.Broker.Sessions.SharedUse.ShouldBe(new ResourceUse(10, 10, Mallory, 9));
        (await other.SubscribeAsync("other")).ShouldBe(ReasonCode.GrantedQoS2, "others are not limited");
    }

    // A fleet of workers in one group fits: a message is copied once for all of them.
    [Fact]
    public async Task Members_OfOneShare_CountOnceUntilTheLastLeaves()
    {
        await using var rig = Rig(Share.Of(1));
        var first = await rig.OpenAsync("first", identity: Mallory);
        (await first.Client.SubscribeAsync("$share/g/jobs")).ShouldBe(ReasonCode.GrantedQoS2);
        var members = new List<MqttTestClient>();
        for (var i = 0; i < 5; i++)
        {
            members.Add(await rig.ConnectAsync($"{i}", identity: "others"));
            (await members[^1].SubscribeAsync("$share/g/jobs")).ShouldBe(ReasonCode.GrantedQoS2);
        }

        rig.Broker.Sessions.SharedUse.Used.ShouldBe(1);
        await first.LoseAsync();
        Held(rig).ShouldBe(1, "it was the first, and others are there");
        foreach (var member in members)
        {
            rig.Broker.Sessions.SharedUse.Used.ShouldBe(1);
            await member.UnsubscribeAsync("$share/g/jobs");
        }

        rig.Broker.Sessions.SharedUse.Used.ShouldBe(0);
        Held(rig).ShouldBe(0);
        (await members[0].SubscribeAsync("$share/g/jobs")).ShouldBe(ReasonCode.GrantedQoS2);
        rig.Accounts.All.Single(account => account.Identity == "others").Held(CapacityResource.SharedSubscriptions).ShouldBe(1);
    }

    [Fact]
    public async Task Places_ManyJoinAndLeaveTheSameAtOnce_AreCountedOnce()
    {
        await using var rig = Rig(Share.Percent(100));
        var clients = new List<MqttTestClient>();
        for (var i = 0; i < 4; i++)
        {
            clients.Add(await rig.ConnectAsync($"{i}", identity: $"{i % 2}"));
        }

        await Task.WhenAll(clients.Select(client => Task.Run(async () =>
        {
            for (var i = 0; i < 200; i++)
            {
                await client.SubscribeAsync($"$share/{i % 3}/t");
                await client.UnsubscribeAsync($"$share/{(i + 1) % 3}/t");
            }

            for (var i = 0; i < 3; i++)
            {
                await client.UnsubscribeAsync($"$share/{i}/t");
            }
        })));

        rig.Broker.Sessions.SharedUse.Used.ShouldBe(0);
        rig.Accounts.All.ShouldAllBe(account => account.Held(CapacityResource.SharedSubscriptions) == 0);
        rig.Broker.Tree.Count.ShouldBe(0);
    }

    [Fact]
    public async Task Places_InEveryWayThatASubscriptionEnds_AreFreeAgain()
    {
        await using var rig = Rig(Share.Of(3));
        var connection = await rig.OpenAsync("m", change: BrokerRig.Lasting, identity: Mallory);
        await SubscribeAsync(connection.Client, 3);
        await connection.Client.UnsubscribeAsync("$share/g0/#");
        await connection.Client.UnsubscribeAsync("$share/none/#");
        Held(rig).ShouldBe(2);
        await SubscribeAsync(connection.Client, 3);
        Held(rig).ShouldBe(3, "two of them are replaced");

        // Taken over with a clean start.
        connection = await rig.OpenAsync(
            "m", change: connect => BrokerRig.Lasting(connect) with { CleanStart = true }, identity: Mallory);
        Held(rig).ShouldBe(0);
        await SubscribeAsync(connection.Client, 3);

        // Resumed, then expired.
        await connection.LoseAsync();
        connection = await rig.OpenAsync("m", change: BrokerRig.Lasting, identity: Mallory);
        Held(rig).ShouldBe(3);
        await connection.LoseAsync();
        rig.Advance(3_601);
        Held(rig).ShouldBe(0);

        // Ended with its connection, and by an operator.
        connection = await rig.OpenAsync("m", identity: Mallory);
        await SubscribeAsync(connection.Client, 3);
        await connection.LoseAsync();
        Held(rig).ShouldBe(0);
        connection = await rig.OpenAsync("m", change: BrokerRig.Lasting, identity: Mallory);
        await SubscribeAsync(connection.Client, 3);
        await rig.Broker.Administration.EndSessionsOfAsync(Mallory, TestContext.Current.CancellationToken);
        await Eventually.BecomesAsync("the session has ended", () => Held(rig), held => held == 0);
        rig.Broker.Sessions.SharedUse.Used.ShouldBe(0);
        rig.Broker.Tree.Count.ShouldBe(0);
    }

    // The first member's identity has the place also after its last client has left.
    [Fact]
    public void Place_AsLongAsItIsTaken_KeepsItsAccount()
    {
        var accounts = new AccountTable(QuotaOptions.Whole);
        var places = new SharedPlaces(1, accounts);
        var client = accounts.Open(Mallory);
        var group = new SharedGroup("g");
        places.TryTake(client).ShouldBe(QuotaVerdict.Taken);
        places.Begin(group, client, isTaken: true);
        accounts.Close(client);

        accounts.All.Single().Held(CapacityResource.SharedSubscriptions).ShouldBe(1);
        places.TryTake(accounts.OfBroker).ShouldBe(QuotaVerdict.Exhausted);

        places.End(group.TakePayer().ShouldNotBeNull());
        accounts.All.ShouldBeEmpty();
        places.Use.Used.ShouldBe(0);
    }

    // A restart must neither lose what is over a share by now, nor forget it.
    [Fact]
    public async Task Restored_OverTheShare_CountAndAreKept()
    {
        var store = new InMemoryStore();
        await using (var before = new BrokerRig(store: store))
        {
            var connection = await before.OpenAsync("m", change: BrokerRig.Lasting, identity: Mallory);
            await SubscribeAsync(connection.Client, 5);
            await connection.Client.SubscribeAsync("own");
            await connection.LoseAsync();
        }

        await using var rig = Rig(Share.Of(3), store);
        await rig.Broker.LoadAsync(TestContext.Current.CancellationToken);

        Held(rig).ShouldBe(5);
        rig.Broker.Tree.Count.ShouldBe(6);
        var client = await rig.ConnectAsync("m", change: BrokerRig.Lasting, identity: Mallory);
        (await client.SubscribeAsync("$share/more/#")).ShouldBe(ReasonCode.QuotaExceeded);
        (await client.SubscribeAsync("$share/g0/#")).ShouldBe(ReasonCode.GrantedQoS2, "it has that");
    }

    [Fact]
    public async Task Probe_AndNetCode_HavePlacesOfTheirOwn()
    {
        await using var rig = new BrokerRig(
            options => options with { MaxSharedSubscriptions = 1 }, quota: new QuotaOptions { SharedSubscriptions = Share.Of(1) });
        var observed = new List<string>();
        using var first = rig.Broker.Observe("$share/a/t").Subscribe(message => observed.Add(message.Topic));
        using var second = rig.Broker.Observe("$share/b/t").Subscribe(message => observed.Add(message.Topic));
        var probe = rig.Open(isProbe: true);
        await probe.Client.ConnectAsync(probe.Client.Connect("$canary"));
        foreach (var share in (string[])["a", "b"])
        {
            (await probe.Client.SubscribeAsync($"$share/{share}/$canary/x")).ShouldBe(ReasonCode.GrantedQoS2);
        }

        rig.Broker.Sessions.SharedUse.ShouldBe(new ResourceUse(0, 1));
        (await (await rig.ConnectAsync("a")).SubscribeAsync("$share/a/t")).ShouldBe(ReasonCode.GrantedQoS2);
    }

    [Fact]
    public async Task SubscriptionAndWill_WithoutMemory_ArePublishedAndCounted()
    {
        await using var rig = new BrokerRig(
            options => options with { MemoryLimit = 1024 * 1024 }, quota: QuotaOptions.Whole with { Memory = Share.Percent(25) });
        var client = await rig.ConnectAsync("m", identity: Mallory);
        var memory = rig.Broker.Budget.Of(rig.Accounts.All.Single());
        memory.Take(memory.Share);

        var answer = await client.SubscribeAsync([Request("t")], PropertySet.Empty);
        answer.Reasons.ShouldBe([ReasonCode.QuotaExceeded]);
        answer.Properties.ReasonString.ShouldBe("there is no memory for one more subscription");
        var expected = new CapacityReached(CapacityResource.Memory, memory.Share, Mallory);
        rig.Events.Of<CapacityReached>().ShouldBe([expected]);
        rig.Accounts.OverQuota(CapacityResource.Memory).ShouldBe(1);

        var refused = rig.Open(identity: Mallory);
        (await refused.Client.ExpectRefusalAsync(BrokerRig.WithWill(refused.Client.Connect("w")))).Reason
            .ShouldBe(ReasonCode.QuotaExceeded);
        rig.Events.Of<CapacityReached>().ShouldBe([expected, expected]);
        rig.Accounts.OverQuota(CapacityResource.Memory).ShouldBe(2);
        memory.Return(memory.Share);
    }

    // A message for all comes as soon as one for itself: the shares of another identity are few.
    [Fact]
    public async Task Bystander_WhileOneIdentityTakesAllThatItMay_IsInNoLongerRoute()
    {
        await using var rig = Rig(Share.Of(3));
        for (var i = 0; i < 4; i++)
        {
            var client = await rig.ConnectAsync($"m{i}", identity: Mallory);
            await client.SubscribeAsync(
                [.. Enumerable.Range(0, 200).Select(group => Request($"$share/{i}-{group}/#"))], PropertySet.Empty);
        }

        var bystander = await rig.ConnectAsync("b", identity: "bob");
        await bystander.SubscribeAsync("mine");
        await PublishToItselfAsync(bystander);
        rig.Broker.Topics.All.Single().Route!.Subscribers.ShouldBe(4, "three shares and itself");
    }

    private static BrokerRig Rig(Share share, InMemoryStore? store = null) => new(
        options => options with { MaxSharedSubscriptions = 10 }, store,
        quota: QuotaOptions.Whole with { SharedSubscriptions = share });

    private static SubscriptionRequest Request(string filter) =>
        new(filter, QualityOfService.AtLeastOnce, false, false, RetainHandling.Send);

    private static async Task SubscribeAsync(MqttTestClient client, int shares)
    {
        for (var i = 0; i < shares; i++)
        {
            (await client.SubscribeAsync($"$share/g{i}/#")).ShouldBe(ReasonCode.GrantedQoS2);
        }
    }

    private static async Task PublishToItselfAsync(MqttTestClient client)
    {
        await client.SendAsync(client.Publish("mine", "1"));
        await client.ExpectPublishAsync("mine", "1");
    }

    private static long Held(BrokerRig rig) => rig.Accounts.All
        .Where(account => account.Identity == Mallory)
        .Sum(account => account.Held(CapacityResource.SharedSubscriptions));
}
