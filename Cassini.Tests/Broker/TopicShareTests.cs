using Cassini.Streams.Broker.Model;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Quotas;
using Cassini.Tests.Support;

namespace Cassini.Tests.Broker;

/// <summary>How many topics may be listed, in all and of one identity, and who pays for those that clients remember.</summary>
public class TopicShareTests
{
    private const string Mallory = "mallory";
    private static readonly string Long = new('x', 900);

    [Fact]
    public async Task Identity_MoreTopicsThanItsShare_AreDeliveredAndThoseOfOthersAreListed()
    {
        await using var rig = Rig();
        var subscriber = await rig.ConnectAsync("s", identity: "carol");
        await subscriber.SubscribeAsync("#", QualityOfService.AtMostOnce);
        await PublishAsync(rig, "m", Mallory, 10);
        for (var i = 0; i < 10; i++)
        {
            await subscriber.ExpectPublishAsync($"m/{i}", "1");
        }

        await PublishAsync(rig, "b", "bob", 2);

        Listed(rig).ShouldBe(["b/0", "b/1", "m/0", "m/1", "m/2", "m/3", "m/4"]);
        Held(rig, Mallory).ShouldBe(5);
        Held(rig, "bob").ShouldBe(2);
        rig.Broker.Topics.Use.ShouldBe(new ResourceUse(7, 20));
        rig.Accounts.OverQuota(CapacityResource.Topics).ShouldBe(5);
        rig.Events.Of<CapacityReached>().ShouldBeEmpty("nothing is refused");
    }

    [Fact]
    public async Task Account_IsOpenAsLongAsItsTopicsAreListed()
    {
        await using var rig = Rig();
        var account = rig.Accounts.Open(Mallory);
        for (var i = 0; i < 10; i++)
        {
            rig.Broker.Topics.Get(MqttText.Encode($"m/{i}"), account).IsListed.ShouldBe(i < 5);
        }

        rig.Accounts.Close(account);
        rig.Accounts.All.ShouldBe([account]);
        rig.Accounts.Open(Mallory).ShouldBe(account, "another connection of it has the same account");
        rig.Accounts.Close(account);

        Sweep(rig);

        account.Held(CapacityResource.Topics).ShouldBe(0);
        rig.Accounts.All.ShouldBeEmpty();
        rig.Broker.Topics.Count.ShouldBe(0);
    }

    // A will may be published when nothing else refers to the account that it came with.
    [Fact]
    public async Task Account_ClosedMeanwhile_IsOpenedAnew()
    {
        await using var rig = Rig();
        var account = rig.Accounts.Open(Mallory);
        rig.Accounts.Close(account);

        rig.Broker.Topics.Get("m"u8, account);

        rig.Accounts.All.Single().ShouldNotBe(account);
        Held(rig, Mallory).ShouldBe(1);
        account.Held(CapacityResource.Topics).ShouldBe(0);
        Sweep(rig);
        rig.Accounts.All.ShouldBeEmpty();
        rig.Broker.Topics.Use.Used.ShouldBe(0);
    }

    [Fact]
    public async Task Topics_OfTheBrokerAndOfNetCode_AreNobodys()
    {
        await using var rig = Rig();
        await rig.Broker.PublishAsync(new MqttMessage { Topic = "code", Payload = new byte[1] }, TestContext.Current.CancellationToken);
        rig.Broker.PublishSystem("$SYS/broker/x", new byte[1]);

        rig.Broker.Topics.Use.Used.ShouldBe(1, "the broker's own are not counted");
        rig.Accounts.All.ShouldBeEmpty();
    }

    [Fact]
    public async Task Topic_OfAWill_IsThatOfItsIdentity()
    {
        await using var rig = Rig();
        for (var i = 0; i < 7; i++)
        {
            await (await rig.OpenAsync("w", change: connect => BrokerRig.WithWill(connect, $"wills/{i}"), identity: Mallory)).LoseAsync();
        }

        await Eventually.BecomesAsync("each will was published", () => Held(rig, Mallory), held => held == 5);
        rig.Broker.Topics.Count.ShouldBe(5);
        Sweep(rig);
        rig.Broker.Topics.Use.Used.ShouldBe(0);
        Held(rig, Mallory).ShouldBe(0);
    }

    [Fact]
    public async Task Restored_TopicsOfRetainedMessages_AreNobodysAndListed()
    {
        var store = new InMemoryStore();
        await using (var before = new BrokerRig(store: store))
        {
            var client = await before.ConnectAsync("m", identity: Mallory);
            for (var i = 0; i < 8; i++)
            {
                await client.PublishAsync($"m/{i}", "1", QualityOfService.AtLeastOnce, retain: true);
            }
        }

        await using var rig = new BrokerRig(
            options => options with { MaxTopics = 20 }, store, quota: QuotaOptions.Whole with { Topics = Share.Percent(25) });
        await rig.Broker.LoadAsync(TestContext.Current.CancellationToken);

        rig.Broker.Topics.Count.ShouldBe(8);
        var account = rig.Accounts.All.ShouldHaveSingleItem();
        (account.Identity, account.Held(CapacityResource.Topics)).ShouldBe((Mallory, 0));
        account.Held(CapacityResource.Retained).ShouldBe(8);
    }

    // A listed topic is in memory when no client remembers it.
    [Fact]
    public async Task Listed_TopicsOfAnIdentityWhoseClientsAreGone_AreItsMemoryUntilTheyAreRemoved()
    {
        await using var rig = Rig();
        var before = rig.Broker.Budget.Used;
        await PublishLongAsync(Mallory);

        Memory(rig, Mallory).ShouldBeInRange(5 * 1_900, 5 * 2_500);
        (rig.Broker.Budget.Used - before).ShouldBeInRange(5 * 1_900, 5 * 2_500);
        await PublishLongAsync("bob");
        Memory(rig, "bob").ShouldBe(0, "it remembers none, and none is its own");
        Sweep(rig);
        await NothingAsync(rig, Mallory);
        rig.Broker.Budget.Used.ShouldBeInRange(before - 500, before + 500, "but for the broker's own messages");

        async Task PublishLongAsync(string identity)
        {
            var connection = await rig.OpenAsync("long", identity: identity);
            await PublishAsync(connection, Long, 5);
            await connection.DisconnectAsync();
        }
    }

    // A topic that was removed is in memory as long as a client remembers it, by its name or by an alias.
    [Fact]
    public async Task Removed_TopicsThatClientsRemember_StayCharged()
    {
        await using var rig = Rig();
        var one = await rig.OpenAsync("one", identity: Mallory);
        var two = await rig.OpenAsync("two", identity: Mallory);
        var other = await rig.OpenAsync("other", identity: "bob");
        var before = (Mallory: Memory(rig, Mallory), Bob: Memory(rig, "bob"), All: rig.Broker.Budget.Used);
        foreach (var connection in (RigConnection[])[one, two, other])
        {
            await PublishAsync(connection, Long, 1);
        }

        (Memory(rig, Mallory) - before.Mallory).ShouldBeInRange(1_900, 2_500, "both connections hold the same");
        (Memory(rig, "bob") - before.Bob).ShouldBeInRange(1_900, 2_500);
        (rig.Broker.Budget.Used - before.All).ShouldBeInRange(1_900, 3_000, "it is in memory once");

        Sweep(rig);
        rig.Broker.Topics.Count.ShouldBe(0);
        Memory(rig, Mallory).ShouldBeGreaterThan(before.Mallory + 1_900);
        await one.DisconnectAsync();
        await two.DisconnectAsync();
        await NothingAsync(rig, Mallory);
        Memory(rig, "bob").ShouldBeGreaterThan(before.Bob + 1_900);
        await other.DisconnectAsync();
        await NothingAsync(rig, "bob");
    }

    [Fact]
    public async Task Removed_TopicOfAnAlias_StaysChargedUntilTheConnectionEnds()
    {
        await using var rig = Rig();
        var connection = await rig.OpenAsync("m", identity: Mallory);
        var before = Memory(rig, Mallory);
        for (ushort alias = 1; alias <= 20; alias++)
        {
            await connection.Client.SendAsync(connection.Client.Publish(
                $"{Long}/{alias}", "1", alias: alias));
        }

        await connection.Client.PingAsync();
        Sweep(rig);
        rig.Broker.Topics.Count.ShouldBe(0);
        (Memory(rig, Mallory) - before).ShouldBeGreaterThan(20 * 1_800);
        await connection.Client.SendAsync(connection.Client.Publish("", "2", alias: 3));
        await connection.Client.PingAsync();
        Listed(rig).ShouldBe([$"{Long}/3"]);
        await connection.DisconnectAsync();
        Sweep(rig);
        await NothingAsync(rig, Mallory);
    }

    // Whoever comes first, and whenever topics are removed, each place is given back once, to whom it was taken for.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Places_TakenAndSweptAtOnce_AreAllGivenBack(int seed)
    {
        await using var rig = new BrokerRig(
            options => options with { MaxTopics = 20, TopicIdle = TimeSpan.FromSeconds(1) },
            quota: QuotaOptions.Whole with { Topics = Share.Percent(25) });
        var table = rig.Broker.Topics;
        var publishers = Enumerable.Range(0, 3).Select(worker => Task.Run(() =>
        {
            var random = new Random((seed * 10) + worker);
            for (var round = 0; round < 3_000; round++)
            {
                var account = rig.Accounts.Open($"{random.Next(4)}");
                table.Get(MqttText.Encode($"t/{random.Next(40)}"), account);
                rig.Accounts.Close(account);
            }
        }));
        var sweeper = Task.Run(async () =>
        {
            for (var round = 0; round < 200; round++)
            {
                rig.Clock.Scheduler.Sleep(TimeSpan.FromSeconds(2).Ticks);
                await table.SweepAsync(_ => false);
            }
        });

        await Task.WhenAll([.. publishers, sweeper]);

        table.Use.Used.ShouldBe(table.All.Count());
        rig.Accounts.All.Sum(account => account.Held(CapacityResource.Topics)).ShouldBe(table.Use.Used);
        rig.Clock.Scheduler.Sleep(TimeSpan.FromSeconds(2).Ticks);
        await table.SweepAsync(_ => false);
        table.Use.Used.ShouldBe(0);
        rig.Accounts.All.ShouldBeEmpty();
    }

    private static BrokerRig Rig() => new(
        options => options with { MaxTopics = 20 }, quota: QuotaOptions.Whole with { Topics = Share.Percent(25) });

    private static async Task PublishAsync(BrokerRig rig, string prefix, string identity, int topics)
    {
        var connection = await rig.OpenAsync(prefix, identity: identity);
        await PublishAsync(connection, prefix, topics);
        await connection.DisconnectAsync();
    }

    private static async Task PublishAsync(RigConnection connection, string prefix, int topics)
    {
        for (var i = 0; i < topics; i++)
        {
            await connection.Client.SendAsync(connection.Client.Publish($"{prefix}/{i}", "1"));
        }

        await connection.Client.PingAsync();
    }

    private static void Sweep(BrokerRig rig) => rig.Advance(TimeSpan.FromHours(2));

    private static string[] Listed(BrokerRig rig) => [.. rig.Broker.Topics.All.Select(topic => topic.Name).Order()];

    private static long Held(BrokerRig rig, string identity) => Of(rig, identity, CapacityResource.Topics);

    /// <summary>A write that was under way when the connection ended gives its buffer back after that.</summary>
    private static Task<long> NothingAsync(BrokerRig rig, string identity) =>
        Eventually.BecomesAsync($"{identity} has given everything back", () => Memory(rig, identity), held => held == 0);

    private static long Memory(BrokerRig rig, string identity) => Of(rig, identity, CapacityResource.Memory);

    private static long Of(BrokerRig rig, string identity, CapacityResource resource) => rig.Accounts.All
        .Where(account => account.Identity == identity)
        .Sum(account => account.Held(resource));
}
