using System.Collections.Immutable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Tests.Support;

namespace Cassini.Tests.Broker;

/// <summary>Access rules that change while clients are connected, and while they are away.</summary>
public class AccessChangeTests
{
    [Fact]
    public async Task Change_OpenSessionLosesARight_LosesItsSubscriptionsAndLives()
    {
        await using var rig = new BrokerRig();
        var client = await rig.ConnectAsync("a");
        foreach (var filter in new[] { "secret/+", "$share/g/secret/x", "open/#" })
        {
            await client.SubscribeAsync(filter);
        }

        await ChangeAsync(rig, "deny all * secret/#", "allow all * #");

        rig.Broker.GetClientSubscriptions("a").ShouldHaveSingleItem().Filter.ShouldBe("open/#");
        rig.Broker.Tree.Count.ShouldBe(1);
        rig.Events.Of<AccessRulesChanged>().ShouldBe([new AccessRulesChanged(2, 1, 2)]);
        var publisher = await rig.ConnectAsync("p", identity: "bob");
        (await publisher.PublishAsync("secret/x", "1", QualityOfService.AtLeastOnce)).ShouldBe(ReasonCode.NotAuthorized);
        await rig.Broker.PublishAsync(new MqttMessage { Topic = "secret/x" }, TestContext.Current.CancellationToken);
        await publisher.PublishAsync("open/x", "3");
        await client.ExpectPublishAsync("open/x", "3");
        (await client.SubscribeAsync("secret/+")).ShouldBe(ReasonCode.NotAuthorized);
        rig.Events.Of<SessionClosed>().ShouldBeEmpty();
    }

    [Fact]
    public async Task Change_KeptSessionLosesARight_LosesItsSubscriptionForGood()
    {
        await using var rig = new BrokerRig();
        var away = await rig.OpenAsync("away", change: BrokerRig.Lasting);
        await away.Client.SubscribeAsync("secret");
        await away.Client.SubscribeAsync("open");
        await away.LoseAsync();

        await ChangeAsync(rig, "allow all alice open");

        rig.Broker.GetClientSubscriptions("away").ShouldHaveSingleItem().Filter.ShouldBe("open");
        await using var next = new BrokerRig(store: rig.Store, clock: rig.Clock);
        await next.Broker.LoadAsync(TestContext.Current.CancellationToken);
        next.Broker.GetClientSubscriptions("away").ShouldHaveSingleItem().Filter.ShouldBe("open");
        next.Events.Of<AccessRulesChanged>().ShouldBeEmpty();
    }

    [Fact]
    public async Task Load_RulesBecameNarrowerMeanwhile_RestoresWhatTheyAllow()
    {
        await using var rig = new BrokerRig();
        var away = await rig.OpenAsync("away", change: BrokerRig.Lasting);
        await away.Client.SubscribeAsync("secret");
        await away.Client.SubscribeAsync("open");
        await away.LoseAsync();

        await using var next = new BrokerRig(
            options => options with { Access = Rules("allow all * open") }, store: rig.Store, clock: rig.Clock);
        await next.Broker.LoadAsync(TestContext.Current.CancellationToken);

        next.Broker.GetClientSubscriptions("away").ShouldHaveSingleItem().Filter.ShouldBe("open");
        next.Events.Of<AccessRulesChanged>().ShouldBe([new AccessRulesChanged(1, 1, 1)]);
    }

    [Fact]
    public async Task Change_OfTheRulesOfOneIdentity_LeavesTheOthers()
    {
        await using var rig = new BrokerRig();
        var alice = await rig.ConnectAsync("a");
        var bob = await rig.ConnectAsync("b", identity: "bob");
        await alice.SubscribeAsync("t/b");
        await bob.SubscribeAsync("t/b");

        await ChangeAsync(rig, "deny all alice #", "allow all * t/%c");

        rig.Broker.GetSubscriptions("t/b").ShouldHaveSingleItem().Identity.ShouldBe("bob");
        (await alice.PublishAsync("t/a", "1", QualityOfService.AtLeastOnce)).ShouldBe(ReasonCode.NotAuthorized);
        await bob.SendAsync(bob.Publish("t/b", "2"));
        await bob.ExpectPublishAsync("t/b", "2");
    }

    [Fact]
    public async Task Change_TopicThatIsPublishedToAllTheTime_IsJudgedAgainByNameAndByAlias()
    {
        await using var rig = new BrokerRig(options => options with { MaxTopicAliases = 2 });
        var client = await rig.ConnectAsync("p");
        (await PublishAsync(alias: 0)).ShouldBe(ReasonCode.NoMatchingSubscribers);
        (await PublishAsync(alias: 1)).ShouldBe(ReasonCode.NoMatchingSubscribers);

        await ChangeAsync(rig, "allow all * other");
        (await PublishAsync(alias: 0)).ShouldBe(ReasonCode.NotAuthorized);
        (await PublishAsync(alias: 1, topic: "")).ShouldBe(ReasonCode.NotAuthorized);
        rig.Broker.Counters.Denied.ShouldBe(2);

        await ChangeAsync(rig, "allow all * #");
        (await PublishAsync(alias: 0)).ShouldBe(ReasonCode.NoMatchingSubscribers);
        (await PublishAsync(alias: 1, topic: "")).ShouldBe(ReasonCode.NoMatchingSubscribers, "the alias still names its topic");

        async Task<ReasonCode> PublishAsync(ushort alias, string topic = "t")
        {
            var id = client.NextPacketId();
            await client.SendAsync(client.Publish(topic, "x", QualityOfService.AtLeastOnce, id, alias: alias));
            return await client.ExpectAckAsync(PacketType.PubAck, id);
        }
    }

    // Only the packet that was denied had the name.
    [Fact]
    public async Task Change_AliasWasSetToADeniedTopic_StandsForItWhenThatIsAllowed()
    {
        await using var rig = new BrokerRig(options => options with { MaxTopicAliases = 2, Access = Rules("allow all * other") });
        var client = await rig.ConnectAsync("p");
        (await PublishAsync("first")).ShouldBe(ReasonCode.NotAuthorized);
        (await PublishAsync("t")).ShouldBe(ReasonCode.NotAuthorized);
        (await PublishAsync("")).ShouldBe(ReasonCode.NotAuthorized);
        rig.Events.Of<AccessDenied>()[^1].Topic.ShouldBe("t", "the alias alone says nothing");

        await ChangeAsync(rig, "allow all * #");

        (await PublishAsync("")).ShouldBe(ReasonCode.NoMatchingSubscribers);
        rig.Broker.GetTopics().ShouldContain(topic => topic.Name == "t");

        async Task<ReasonCode> PublishAsync(string topic)
        {
            var id = client.NextPacketId();
            await client.SendAsync(client.Publish(topic, "x", QualityOfService.AtLeastOnce, id, alias: 1));
            return await client.ExpectAckAsync(PacketType.PubAck, id);
        }
    }

    [Fact]
    public async Task Change_ClientGainsARight_HasItAtOnce()
    {
        await using var rig = new BrokerRig(options => options with { Access = Rules("allow all * a") });
        var client = await rig.ConnectAsync("c");
        (await client.SubscribeAsync("b")).ShouldBe(ReasonCode.NotAuthorized);
        (await client.PublishAsync("b", "1", QualityOfService.AtLeastOnce)).ShouldBe(ReasonCode.NotAuthorized);

        await ChangeAsync(rig, "allow all * b");

        (await client.SubscribeAsync("b")).ShouldBe(ReasonCode.GrantedQoS2);
        await client.SendAsync(client.Publish("b", "2"));
        await client.ExpectPublishAsync("b", "2");
    }

    // What waits was allowed when it was published, and MQTT lets it be delivered after the end of the subscription (§3.10.4).
    [Fact]
    public async Task Change_MessagesWaitForALostSubscription_AreDelivered()
    {
        await using var rig = new BrokerRig();
        var away = await rig.OpenAsync("away", change: BrokerRig.Lasting);
        await away.Client.SubscribeAsync("t", QualityOfService.AtLeastOnce);
        await away.LoseAsync();
        var publisher = await rig.ConnectAsync("p");
        await publisher.PublishAsync("t", "before", QualityOfService.AtLeastOnce);

        await ChangeAsync(rig, "deny subscribe * t", "allow all * #");
        (await publisher.PublishAsync("t", "after", QualityOfService.AtLeastOnce)).ShouldBe(ReasonCode.NoMatchingSubscribers);

        var again = await rig.OpenAsync("away", change: BrokerRig.Lasting);
        await again.Client.ExpectPublishAsync("t", "before");
        await again.Client.ExpectNothingAsync();
    }

    [Fact]
    public async Task Change_PublisherOfAWillLosesTheRight_TheWillIsNotPublished()
    {
        await using var rig = new BrokerRig();
        var watcher = await rig.ConnectAsync("w", identity: "bob");
        await watcher.SubscribeAsync("wills", QualityOfService.AtMostOnce);
        var open = await rig.OpenAsync("a", change: connect => BrokerRig.WithWill(connect));

        await ChangeAsync(rig, "deny publish alice wills", "allow all * #");
        await open.LoseAsync();

        await watcher.ExpectNothingAsync();
        var denied = rig.Events.Of<AccessDenied>().ShouldHaveSingleItem();
        (denied.Identity, denied.Action, denied.Topic).ShouldBe(("alice", "publish", "wills"));
        rig.Broker.Counters.Denied.ShouldBe(1);
        (await rig.Store.LoadAsync(1, TestContext.Current.CancellationToken)).Wills.ShouldBeEmpty();
    }

    [Fact]
    public async Task Change_CanaryKeepsItsOwnTopics()
    {
        await using var rig = new BrokerRig();
        var probe = rig.Open(isProbe: true).Client;
        await probe.ConnectAsync(probe.Connect("probe"));
        await probe.SubscribeAsync("$canary/x", QualityOfService.AtMostOnce);

        await ChangeAsync(rig, "deny all * #");

        await probe.SendAsync(probe.Publish("$canary/x", "1"));
        await probe.ExpectPublishAsync("$canary/x", "1");
    }

    // A subscription that was judged by the rules before may be added when the walk has passed its session.
    [Fact]
    public async Task Change_WhileClientsSubscribe_LeavesNothingThatTheNewRulesDeny()
    {
        await using var rig = new BrokerRig();
        var clients = new List<MqttTestClient>();
        for (var i = 0; i < 4; i++)
        {
            clients.Add(await rig.ConnectAsync($"c{i}"));
        }

        for (var round = 0; round < 50; round++)
        {
            await ChangeAsync(rig, "allow all * #");
            var subscribing = clients.Select(async client =>
            {
                for (var i = 0; i < 5; i++)
                {
                    await client.SubscribeAsync($"secret/{i}");
                }
            }).ToList();
            await ChangeAsync(rig, "deny all * secret/#", "allow all * #");
            await Task.WhenAll(subscribing);

            rig.Broker.Tree.Count.ShouldBe(0);
        }
    }

    private static Task ChangeAsync(BrokerRig rig, params string[] rules) =>
        Eventually.CompletesAsync("the rules change", rig.Broker.AccessReview.ChangeAsync(Rules(rules)));

    private static ImmutableArray<AccessRule> Rules(params string[] rules) => [.. rules.Select(text =>
    {
        AccessRule.TryParse(text, out var rule, out var error).ShouldBeTrue(error);
        return rule!;
    })];
}
