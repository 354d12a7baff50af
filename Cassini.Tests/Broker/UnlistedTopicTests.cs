using Cassini.Streams.Broker.Model;
using Cassini.Streams.Events;
using Cassini.Streams.Quotas;
using Cassini.Tests.Support;

namespace Cassini.Tests.Broker;

/// <summary>A topic that found no place is asked for again: it is used without one only for a while.</summary>
public class UnlistedTopicTests
{
    private const int MaxTopics = 4;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Unlisted_ThatAClientRemembers_IsListedAfterASweepMadeRoom(bool byAlias)
    {
        await using var rig = Rig();
        var connection = await rig.OpenAsync("m", identity: "mallory");
        for (var i = 0; i <= MaxTopics; i++)
        {
            await PublishAsync(connection, $"t/{i}", (ushort)(byAlias ? 1 : 0));
        }

        Listed(rig).ShouldNotContain("t/4");
        rig.Advance(TimeSpan.FromHours(2));
        Listed(rig).ShouldBeEmpty();

        for (var i = 0; i < 2; i++)
        {
            await PublishAsync(connection, byAlias ? "" : "t/4", (ushort)(byAlias ? 1 : 0));
        }

        Listed(rig).ShouldBe(["t/4"]);
    }

    [Fact]
    public async Task Unlisted_ThatAnotherIdentityListedMeanwhile_IsThatOneAfterASweep()
    {
        await using var rig = Rig(QuotaOptions.Whole with { Topics = Share.Percent(25) });
        var (table, mallory, bob) = (rig.Broker.Topics, rig.Accounts.Open("mallory"), rig.Accounts.Open("bob"));
        table.Get("m"u8, mallory).IsListed.ShouldBeTrue();
        var twin = table.Get("t"u8, mallory);
        twin.IsListed.ShouldBeFalse();
        table.Get("t"u8, bob).IsListed.ShouldBeTrue();
        table.RouteOf(twin);
        twin.IsRemoved.ShouldBeFalse();

        await table.SweepAsync(_ => false);
        table.RouteOf(twin);

        twin.IsRemoved.ShouldBeTrue("who has it asks the table again");
    }

    // Else those that take no more memory grow by all the topics that they may list.
    [Fact]
    public async Task New_WhileItsIdentityMayTakeNoMemory_IsNotListed()
    {
        await using var rig = Rig(QuotaOptions.Whole with { Memory = Share.Percent(25) });
        var account = rig.Accounts.Open("mallory");
        var memory = rig.Broker.Budget.Of(account);
        var share = memory.Share;
        memory.Take(share);

        rig.Broker.Topics.Get("t"u8, account).IsListed.ShouldBeFalse();

        memory.Held.ShouldBe(share);
        account.Held(CapacityResource.Topics).ShouldBe(0);
        memory.Return(share);
        rig.Broker.Topics.Get("t"u8, account).IsListed.ShouldBeTrue();
    }

    [Fact]
    public async Task New_ForTwoAtOnceWithOnePlaceLeft_IsOneTopic()
    {
        const int Rounds = 3_000;
        await using var rig = new BrokerRig(options => options with { MaxTopics = 1, TopicIdle = TimeSpan.FromSeconds(1) });
        var table = rig.Broker.Topics;
        var account = rig.Accounts.Open("m");
        var found = new Topic[2];
        using var barrier = new Barrier(2, _ =>
        {
            found[0]?.ShouldBeSameAs(found[1]);
            rig.Clock.Scheduler.Sleep(TimeSpan.FromSeconds(2).Ticks);
            table.SweepAsync(_ => false).AsTask().GetAwaiter().GetResult();
            table.Count.ShouldBe(0);
        });

        await Eventually.CompletesAsync("both made all topics", Task.WhenAll(Enumerable.Range(0, 2).Select(who => Task.Factory.StartNew(
            () =>
            {
                for (var round = 0; round < Rounds; round++)
                {
                    barrier.SignalAndWait();
                    found[who] = table.Get("t"u8, account);
                }
            },
            TestContext.Current.CancellationToken,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default))));
    }

    private static BrokerRig Rig(QuotaOptions? quota = null) =>
        new(options => options with { MaxTopics = MaxTopics, MemoryLimit = 1_000_000_000 }, quota: quota ?? QuotaOptions.Whole);

    private static async Task PublishAsync(RigConnection connection, string topic, ushort alias)
    {
        await connection.Client.SendAsync(connection.Client.Publish(topic, "1", alias: alias));
        await connection.Client.PingAsync();
    }

    private static string[] Listed(BrokerRig rig) => [.. rig.Broker.Topics.All.Select(topic => topic.Name).Order()];
}
