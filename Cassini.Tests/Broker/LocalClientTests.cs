using System.Collections.Immutable;
using System.Text;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Upkeep;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Quotas;
using Cassini.Tests.Support;

namespace Cassini.Tests.Broker;

/// <summary>A client within the process: the rules and quotas of its identity hold for it.</summary>
public class LocalClientTests
{
    private const string From = "192.0.2.1:5000";

    private static readonly LocalLimits Few = new(Messages: 3, Bytes: 1_000_000, Payload: 10);

    [Fact]
    public async Task Publish_ByTheRules_IsDeliveredOrDeniedLikeThatOfAnyClient()
    {
        await using var rig = new BrokerRig(options => options with
        {
            Access = Rules("allow publish ops own/%i/#", "allow subscribe * #"),
        });
        var listener = await rig.ConnectAsync("a");
        await listener.SubscribeAsync("#");
        var client = rig.Broker.CreateClient("ops", "ops");

        (await PublishAsync(client, "own/ops/x")).Outcome.ShouldBe(PublishOutcome.Delivered);
        await listener.ExpectPublishAsync("own/ops/x", "1");
        (await PublishAsync(client, "own/other/x")).ShouldBe(new LocalVerdict(PublishOutcome.Refused, LocalRefusal.Denied, 0));
        (await PublishAsync(client, "$SYS/broker/version")).Refusal.ShouldBe(LocalRefusal.Denied);

        rig.Broker.Counters.Denied.ShouldBe(2);
        rig.Events.Of<AccessDenied>().Select(denied => denied.Topic).ShouldBe(["own/other/x", "$SYS/broker/version"]);
        rig.Events.Of<AccessDenied>()[0].ShouldBe(new AccessDenied(0, "ops", "publish", "own/other/x", null, From));
    }

    [Fact]
    public async Task Publish_AfterAChangeOfTheRules_IsJudgedByThoseInForce()
    {
        await using var rig = new BrokerRig();
        var client = rig.Broker.CreateClient("ops", "ops");
        (await PublishAsync(client, "t")).Refusal.ShouldBe(LocalRefusal.None);

        await ChangeAsync(rig, "deny all ops #", "allow all * #");

        (await PublishAsync(client, "t")).Refusal.ShouldBe(LocalRefusal.Denied);
    }

    /// <summary>What waits for memory is judged when it is published, not when it came.</summary>
    [Fact]
    public async Task Publish_RulesChangeWhileItWaitsForMemory_IsDenied()
    {
        await using var rig = new BrokerRig(options => options with { MemoryLimit = 1_000_000 });
        rig.Broker.Budget.Take(1_000_000);
        var publishing = PublishAsync(rig.Broker.CreateClient("ops", "ops"), "t");
        await Eventually.HoldsAsync("it waits", () => rig.Clock.Time.ArmedTimers == 1);

        await ChangeAsync(rig, "deny all ops #");
        rig.Broker.Budget.Return(1_000_000);

        (await publishing).Refusal.ShouldBe(LocalRefusal.Denied);
    }

    [Fact]
    public async Task Publish_NoMemory_IsRefusedAfterAWaitAndToldToOperators()
    {
        await using var rig = new BrokerRig(options => options with { MemoryLimit = 1_000_000 });
        rig.Broker.Budget.Take(1_000_000);
        var publishing = PublishAsync(rig.Broker.CreateClient("ops", "ops"), "t");
        await Eventually.HoldsAsync("it waits", () => rig.Clock.Time.ArmedTimers == 1);
        rig.Advance(5.1);

        (await publishing).Refusal.ShouldBe(LocalRefusal.NoMemory);
        rig.Events.Of<CapacityReached>().ShouldHaveSingleItem().Resource.ShouldBe(CapacityResource.Memory);
        rig.Broker.Counters.Refused.ShouldBe(1);
    }

    [Fact]
    public async Task Publish_StoreIsFull_RefusesWhatWouldBeStoredAndNothingElse()
    {
        await using var rig = new BrokerRig();
        rig.Store.Refusal = "the disk is full";
        var client = rig.Broker.CreateClient("ops", "ops");

        (await PublishAsync(client, "t", retain: true)).Refusal.ShouldBe(LocalRefusal.StoreUnavailable);
        (await PublishAsync(client, "t")).Refusal.ShouldBe(LocalRefusal.None);
    }

    [Fact]
    public async Task Publish_WhileTheBrokerDrains_IsRefused()
    {
        await using var rig = new BrokerRig();
        await rig.Broker.Drain.CloseIntakeAsync(TestContext.Current.CancellationToken);

        (await PublishAsync(rig.Broker.CreateClient("ops", "ops"), "t")).Refusal.ShouldBe(LocalRefusal.Draining);
    }

    [Fact]
    public async Task Publish_OfWhatIsStored_EndsWhenThatIsDurable()
    {
        await using var rig = new BrokerRig();
        var written = new TaskCompletionSource();
        rig.Store.Committing = () => written.Task;
        var client = rig.Broker.CreateClient("ops", "ops");

        var publishing = PublishAsync(client, "t", retain: true);
        await Eventually.HoldsAsync("it waits for the disk", () => rig.Store.Durability.Waiting == 1);
        publishing.IsCompleted.ShouldBeFalse();
        (await PublishAsync(client, "u")).Outcome.ShouldBe(PublishOutcome.NoSubscribers, "nothing of it is stored");
        written.SetResult();

        (await Eventually.CompletesAsync("it is durable", publishing)).Refusal.ShouldBe(LocalRefusal.None);
    }

    [Fact]
    public async Task Publish_StoreIsClosedBefore_SaysThatItIsNotStored()
    {
        await using var rig = new BrokerRig();
        rig.Store.Committing = () => new TaskCompletionSource().Task;
        var publishing = PublishAsync(rig.Broker.CreateClient("ops", "ops"), "t", retain: true);
        await Eventually.HoldsAsync("it waits for the disk", () => rig.Store.Durability.Waiting == 1);
        await rig.Store.Durability.CloseAsync();

        (await Eventually.CompletesAsync("it ends", publishing)).Refusal.ShouldBe(LocalRefusal.NotStored);
        rig.Store.Durability.Waiting.ShouldBe(0);
    }

    [Fact]
    public async Task Publish_RetainedBeyondTheShareOfItsIdentity_IsDeliveredAndNotRetained()
    {
        await using var rig = new BrokerRig(
            options => options with { MaxRetained = 10 },
            quota: QuotaOptions.Whole with { Retained = Share.Percent(20) });
        var client = rig.Broker.CreateClient("ops", "ops");
        for (var i = 0; i < 2; i++)
        {
            (await PublishAsync(client, $"t/{i}", retain: true)).Outcome.ShouldBe(PublishOutcome.NoSubscribers);
        }

        (await PublishAsync(client, "t/2", retain: true)).Outcome.ShouldBe(PublishOutcome.NotRetained);
        rig.Accounts.All.ShouldHaveSingleItem().Identity.ShouldBe("ops");
        rig.Events.Of<AccessDenied>().ShouldHaveSingleItem().Action.ShouldBe("retain");
        await rig.Broker.Administration.PurgeRetainedAsync("#"u8.ToArray(), _ => { }, TestContext.Current.CancellationToken);
        rig.Advance(TimeSpan.FromHours(2));
        rig.Accounts.All.ShouldBeEmpty("nothing of it is left");
    }

    [Fact]
    public async Task Open_RetainedFirst_ThenWhatIsPublished_AndNothingTwice()
    {
        await using var rig = new BrokerRig();
        await rig.Broker.PublishAsync(new MqttMessage { Topic = "t/a", Payload = "kept"u8.ToArray(), Retain = true });
        var client = rig.Broker.CreateClient("ops", "ops");
        var subscriber = Open(client, "t/#", "t/+");
        await rig.Broker.PublishAsync(new MqttMessage { Topic = "t/b", Payload = "a long payload"u8.ToArray() });

        var retained = Read(subscriber);
        (retained.Message.Topic, retained.Message.Retain, retained.ReceivedAt).ShouldBe(("t/a", true, null));
        var live = Read(subscriber);
        (live.Message.Topic, live.Message.Retain, live.Size).ShouldBe(("t/b", false, 14));
        Encoding.UTF8.GetString(live.Message.Payload.Span).ShouldBe("a long pay");
        live.ReceivedAt.ShouldNotBeNull();
        subscriber.TryRead(out _).ShouldBeFalse();
        rig.Broker.GetSubscriptions("t/x").ShouldContain(row => row.Identity == "ops" && row.ClientId == "ops");

        client.Close(subscriber);
        rig.Broker.Tree.Count.ShouldBe(0);
        rig.Accounts.All.ShouldBeEmpty();
    }

    // As for every subscriber: the time that it waited is subtracted [MQTT-3.3.2-6], and none comes after its end [MQTT-3.3.2-5].
    [Fact]
    public async Task Read_AfterAWhile_SubtractsItFromTheExpiryAndSkipsWhatIsOver()
    {
        await using var rig = new BrokerRig();
        var client = rig.Broker.CreateClient("ops", "ops");
        var subscriber = Open(client, "#");
        var account = rig.Accounts.All.Single(account => account.Identity == "ops");
        foreach (var seconds in (int[])[3, 10])
        {
            await rig.Broker.PublishAsync(new MqttMessage { Topic = $"for/{seconds}", ExpiresAfter = TimeSpan.FromSeconds(seconds) });
        }

        rig.Clock.AdvanceBy(TimeSpan.FromSeconds(3.5));

        var read = Read(subscriber).Message;
        (read.Topic, read.ExpiresAfter).ShouldBe(("for/10", TimeSpan.FromSeconds(7)));
        subscriber.TryRead(out _).ShouldBeFalse();
        rig.Broker.Counters.Expired.ShouldBe(1);
        client.Close(subscriber);
        account.Held(CapacityResource.Memory).ShouldBe(0);
    }

    [Fact]
    public async Task Open_ReaderIsSlow_LosesMessagesThatAreCountedAndTheirMemoryIsBounded()
    {
        await using var rig = new BrokerRig();
        await rig.Broker.PublishAsync(new MqttMessage { Topic = "t" });
        var used = rig.Broker.Budget.Used;
        var client = rig.Broker.CreateClient("ops", "ops");
        var subscriber = Open(client, "t");
        for (var i = 0; i < 10; i++)
        {
            await rig.Broker.PublishAsync(new MqttMessage { Topic = "t", Payload = new byte[100_000] });
        }

        subscriber.Dropped.ShouldBe(7);
        rig.Broker.Counters.Dropped.ShouldBe(7);
        subscriber.Party.Memory.Held.ShouldBeInRange(1, 3_000);
        for (var i = 0; i < 3; i++)
        {
            Read(subscriber);
        }

        subscriber.TryRead(out _).ShouldBeFalse();
        await rig.Broker.PublishAsync(new MqttMessage { Topic = "t" });
        client.Close(subscriber);
        rig.Broker.Budget.Used.ShouldBe(used);
    }

    [Fact]
    public async Task Open_IdentityHasItsShareOfMemory_LosesWhatOthersStillGet()
    {
        await using var rig = new BrokerRig(
            options => options with { MemoryLimit = 10_000_000 },
            quota: QuotaOptions.Whole with { Memory = Share.Percent(1) });
        var client = rig.Broker.CreateClient("ops", "ops");
        client.TryOpen(["t"], new LocalLimits(10_000, 100_000_000), From, out _, out _).ShouldNotBeNull();
        for (var i = 0; i < 20; i++)
        {
            await rig.Broker.PublishAsync(new MqttMessage { Topic = "t", Payload = new byte[10_000] });
        }

        rig.Broker.Counters.Dropped.ShouldBeInRange(8, 12);
        client.TryOpen(["u"], Few, From, out var refusal, out _).ShouldBeNull();
        refusal.ShouldBe(LocalRefusal.NoMemory);
    }

    [Theory]
    [InlineData("secret/x", null)]
    [InlineData("open/x", "open/x")]
    public async Task Open_ByTheRules_IsAllowedOrDenied(string filter, string? opened)
    {
        await using var rig = new BrokerRig(options => options with { Access = Rules("deny all ops secret/#", "allow all * #") });
        var client = rig.Broker.CreateClient("ops", "ops");
        var subscriber = client.TryOpen(["open/#", filter], Few, From, out var refusal, out var denied);

        (subscriber is null).ShouldBe(opened is null);
        if (opened is null)
        {
            (refusal, denied).ShouldBe((LocalRefusal.Denied, filter));
            rig.Broker.Counters.Denied.ShouldBe(1);
            rig.Events.Of<AccessDenied>().ShouldHaveSingleItem()
                .ShouldBe(new AccessDenied(0, "ops", "subscribe", filter, null, From));
            rig.Broker.Tree.Count.ShouldBe(0);
            rig.Accounts.All.ShouldBeEmpty();
        }
    }

    [Fact]
    public async Task Change_OfTheRules_EndsWhoMayNoLongerReceiveAtOnce()
    {
        await using var rig = new BrokerRig();
        var client = rig.Broker.CreateClient("ops", "ops");
        var (lost, kept) = (Open(client, "open", "secret/x"), Open(client, "open"));
        await rig.Broker.PublishAsync(new MqttMessage { Topic = "secret/x" });

        await ChangeAsync(rig, "deny all * secret/#", "allow all * #");

        lost.Denied.ShouldBe("secret/x");
        lost.Ended.IsCompleted.ShouldBeTrue();
        lost.TryRead(out _).ShouldBeFalse("what waits was for a right that is lost");
        (await lost.WaitAsync()).ShouldBeFalse();
        kept.Ended.IsCompleted.ShouldBeFalse();
        rig.Broker.Tree.Count.ShouldBe(1);
        rig.Events.Of<AccessRulesChanged>().ShouldBe([new AccessRulesChanged(2, 0, 2)]);
    }

    [Fact]
    public async Task Complete_BrokerStops_WhatWaitsIsStillRead()
    {
        await using var rig = new BrokerRig();
        var client = rig.Broker.CreateClient("ops", "ops");
        var subscriber = Open(client, "t");
        await rig.Broker.PublishAsync(new MqttMessage { Topic = "t" });

        await rig.Broker.CompleteAsync();

        subscriber.Ended.IsCompleted.ShouldBeTrue();
        (await subscriber.WaitAsync()).ShouldBeTrue();
        Read(subscriber);
        (await subscriber.WaitAsync()).ShouldBeFalse();
        Open(client, "t").Ended.IsCompleted.ShouldBeTrue("nothing comes after the end");
        rig.Broker.Tree.Count.ShouldBe(0);
    }

    /// <summary>Whatever happens first: after a change nobody has a subscription that the rules do not allow.</summary>
    [Fact]
    public async Task Open_WhileTheRulesChange_NeverOutlivesItsRight()
    {
        for (var round = 0; round < 200; round++)
        {
            await using var rig = new BrokerRig();
            var used = rig.Broker.Budget.Used;
            var client = rig.Broker.CreateClient("ops", "ops");
            var start = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var opening = Task.Run(async () =>
            {
                await start.Task;
                return client.TryOpen(["secret"], Few, From, out _, out _);
            });
            var changing = Task.Run(async () =>
            {
                await start.Task;
                await ChangeAsync(rig, "deny all ops #");
            });
            start.SetResult();
            await Eventually.CompletesAsync("both are done", Task.WhenAll(opening, changing));

            var subscriber = await opening;
            rig.Broker.Tree.Count.ShouldBe(0);
            if (subscriber is not null)
            {
                subscriber.Denied.ShouldBe("secret");
                client.Close(subscriber);
            }

            rig.Broker.Budget.Used.ShouldBe(used);
            rig.Accounts.All.ShouldBeEmpty();
        }
    }

    /// <summary>Messages come, the reader reads, and it is closed at any moment: no memory and no message is lost sight of.</summary>
    [Fact]
    public async Task Close_WhileMessagesCome_GivesBackAllMemory()
    {
        for (var round = 0; round < 100; round++)
        {
            await using var rig = new BrokerRig(options => options with { MaxTopics = 1 });
            await rig.Broker.PublishAsync(new MqttMessage { Topic = "other" });
            var used = rig.Broker.Budget.Used;
            var client = rig.Broker.CreateClient("ops", "ops");
            var subscriber = client.TryOpen(["t"], new LocalLimits(50, 100_000), From, out _, out _).ShouldNotBeNull();
            var publishing = Task.Run(async () =>
            {
                for (var i = 0; i < 200; i++)
                {
                    await rig.Broker.PublishAsync(new MqttMessage { Topic = "t", Payload = new byte[10] });
                }
            });
            var read = 0;
            for (var left = round; left > 0 && subscriber.TryRead(out _); left--)
            {
                read++;
            }

            client.Close(subscriber);
            await Eventually.CompletesAsync("all are published", publishing);

            rig.Broker.Budget.Used.ShouldBe(used, $"after {read} messages");
            rig.Accounts.All.ShouldBeEmpty();
        }
    }

    [Fact]
    public async Task Retained_OfATopic_IsWhatASubscriberWouldGet()
    {
        await using var rig = new BrokerRig(options => options with
        {
            Access = Rules("allow publish * #", "allow subscribe ops open/#", "allow subscribe ops $SYS/#"),
        });
        var bob = await rig.ConnectAsync("b", identity: "bob");
        await bob.PublishAsync("open/x", "value of it", QualityOfService.AtLeastOnce, retain: true);
        await bob.PublishAsync("secret/x", "1", QualityOfService.AtLeastOnce, retain: true);
        var client = rig.Broker.CreateClient("ops", "ops");

        client.TryGetRetained("open/x", 5, From, out var found).ShouldBeTrue();
        found.ShouldNotBeNull().ShouldSatisfyAllConditions(
            value => Encoding.UTF8.GetString(value.Message.Payload.Span).ShouldBe("value"),
            value => value.Size.ShouldBe(11),
            value => value.Identity.ShouldBe("bob"),
            value => value.Message.QoS.ShouldBe(QualityOfService.AtLeastOnce));
        client.TryGetRetained("open/y", 5, From, out found).ShouldBeTrue();
        found.ShouldBeNull();
        client.TryGetRetained("secret/x", 5, From, out found).ShouldBeFalse();
        found.ShouldBeNull();
        rig.Events.Of<AccessDenied>().ShouldHaveSingleItem().Topic.ShouldBe("secret/x");
        rig.Broker.PublishSystem("$SYS/broker/x", "1"u8.ToArray());
        client.TryGetRetained("$SYS/broker/x", 5, From, out found).ShouldBeTrue();
        found.ShouldNotBeNull().Identity.ShouldBeNull();
    }

    [Fact]
    public async Task Retained_HasExpired_IsNoLongerThere()
    {
        await using var rig = new BrokerRig();
        await rig.Broker.PublishAsync(
            new MqttMessage { Topic = "t", Payload = new byte[1], Retain = true, ExpiresAfter = TimeSpan.FromSeconds(10) });
        var client = rig.Broker.CreateClient("ops", "ops");
        rig.Clock.AdvanceBy(TimeSpan.FromSeconds(4));
        client.TryGetRetained("t", 5, From, out var found).ShouldBeTrue();
        found.ShouldNotBeNull().Message.ExpiresAfter.ShouldBe(TimeSpan.FromSeconds(6));
        rig.Clock.AdvanceBy(TimeSpan.FromSeconds(7));

        client.TryGetRetained("t", 5, From, out found).ShouldBeTrue();

        found.ShouldBeNull();
    }

    private static Task<LocalVerdict> PublishAsync(LocalClient client, string topic, bool retain = false) => client.PublishAsync(
        new MqttMessage { Topic = topic, Payload = "1"u8.ToArray(), Retain = retain }, From, published: null,
        TestContext.Current.CancellationToken);

    private static LocalSubscriber Open(LocalClient client, params string[] filters) =>
        client.TryOpen([.. filters], Few, From, out _, out _).ShouldNotBeNull();

    private static LocalMessage Read(LocalSubscriber subscriber)
    {
        subscriber.TryRead(out var message).ShouldBeTrue();
        return message;
    }

    private static Task ChangeAsync(BrokerRig rig, params string[] rules) =>
        Eventually.CompletesAsync("the rules are changed", rig.Broker.AccessReview.ChangeAsync(Rules(rules)));

    private static ImmutableArray<AccessRule> Rules(params string[] rules) =>
        [.. rules.Select(text => AccessRule.TryParse(text, out var rule, out var error) ? rule : throw new ArgumentException(error))];
}
