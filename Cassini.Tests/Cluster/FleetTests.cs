using Cassini.Streams.Events;
using Cassini.Streams.Health;
using Cassini.Streams.Mqtt;
using Cassini.Tests.Support;

namespace Cassini.Tests.Cluster;

/// <summary>Whole brokers on real NATS, with real clients over mutual TLS.</summary>
public class FleetTests
{
    [Theory]
    [InlineData(QualityOfService.AtMostOnce)]
    [InlineData(QualityOfService.AtLeastOnce)]
    [InlineData(QualityOfService.ExactlyOnce)]
    public async Task Publish_ElsewhereThanTheSubscriber_IsDelivered(QualityOfService qos)
    {
        await using var fleet = await Fleet.StartAsync(2);
        var subscriber = await fleet.ConnectAsync(0, "s");
        await subscriber.SubscribeAsync("home/+", qos);
        var publisher = await fleet.ConnectAsync(1, "p");
        for (var i = 0; i < 20; i++)
        {
            if (qos == QualityOfService.AtMostOnce)
            {
                await publisher.SendAsync(publisher.Publish("home/lamp", $"{i}"));
            }
            else
            {
                (await publisher.PublishAsync("home/lamp", $"{i}", qos)).ShouldBe(ReasonCode.Success);
            }
        }

        for (var i = 0; i < 20; i++)
        {
            (await subscriber.ExpectPublishAsync("home/lamp", $"{i}")).QoS.ShouldBe(qos);
        }

        (await publisher.PublishAsync("other", "x", QualityOfService.AtLeastOnce)).ShouldBe(
            ReasonCode.NoMatchingSubscribers, "no node wants it");
        await subscriber.UnsubscribeAsync("home/+");
        await Eventually.BecomesAsync(
            "no node wants it any more",
            async () => await publisher.PublishAsync("home/lamp", "x", QualityOfService.AtLeastOnce),
            reason => reason == ReasonCode.NoMatchingSubscribers);
    }

    [Fact]
    public async Task Publish_LargerThanAMessageOfTheBus_CrossesInParts()
    {
        await using var fleet = await Fleet.StartAsync(2, more: "max_payload: 65536");
        var subscriber = await fleet.ConnectAsync(0, "s");
        await subscriber.SubscribeAsync("t", QualityOfService.ExactlyOnce);
        var publisher = await fleet.ConnectAsync(1, "p");
        var large = string.Concat(Enumerable.Range(0, 60_000).Select(i => $"{i} "));
        foreach (var (payload, qos) in (IEnumerable<(string, QualityOfService)>)
            [("before", QualityOfService.AtLeastOnce), (large, QualityOfService.AtLeastOnce), (large, QualityOfService.ExactlyOnce)])
        {
            (await publisher.PublishAsync("t", payload, qos)).ShouldBe(ReasonCode.Success);
            await subscriber.ExpectPublishAsync("t", payload);
        }
    }

    // The answer to SUBSCRIBE waits until every node knows it: a message that is published anywhere after it arrives.
    [Fact]
    public async Task Subscribe_ThenPublishAtOnceOnTheOtherNodes_MissesNothing()
    {
        await using var fleet = await Fleet.StartAsync();
        var subscriber = await fleet.ConnectAsync(0, "s");
        var publishers = new[] { await fleet.ConnectAsync(1, "p1"), await fleet.ConnectAsync(2, "p2") };
        for (var i = 0; i < 200; i++)
        {
            await subscriber.SubscribeAsync($"t/{i}", QualityOfService.AtLeastOnce);
            var reasons = await Task.WhenAll(publishers.Select(
                publisher => publisher.PublishAsync($"t/{i}", "x", QualityOfService.AtLeastOnce)));
            reasons.ShouldAllBe(reason => reason == ReasonCode.Success);
            foreach (var _ in publishers)
            {
                await subscriber.ExpectPublishAsync($"t/{i}", "x");
            }
        }
    }

    // The engine stands still for a moment: the other node does not know the subscription yet, so its client is not told that it has it.
    [Fact]
    public async Task Subscribe_TheOtherNodeHasNotConfirmed_IsNotAnswered()
    {
        await using var fleet = await Fleet.StartAsync(2);
        var subscriber = await fleet.ConnectAsync(0, "s");
        var other = await fleet.ConnectAsync(0, "o");
        var publisher = await fleet.ConnectAsync(1, "p");
        await fleet.Nats.PauseAsync(0);
        var subscribing = subscriber.SubscribeAsync("t", QualityOfService.AtLeastOnce);
        await Eventually.HoldsAsync("it is handled", () => fleet.Nodes[0].Mqtt.Broker.GetSubscriptions("t").Count == 1);
        for (var i = 0; i < 20; i++)
        {
            await other.PingAsync();
        }

        subscribing.IsCompleted.ShouldBeFalse();
        fleet.Nats.Resume(0);
        (await Eventually.CompletesAsync("it is answered", subscribing)).ShouldBe(ReasonCode.GrantedQoS1);
        (await publisher.PublishAsync("t", "x", QualityOfService.AtLeastOnce)).ShouldBe(ReasonCode.Success);
        await subscriber.ExpectPublishAsync("t", "x");
    }

    [Fact]
    public async Task Publish_OfOneClient_ComesInItsOrderOnceToEachNode()
    {
        await using var fleet = await Fleet.StartAsync();
        var subscribers = new[] { await fleet.ConnectAsync(0, "s0"), await fleet.ConnectAsync(1, "s1"), await fleet.ConnectAsync(2, "s2") };
        foreach (var subscriber in subscribers)
        {
            await subscriber.SubscribeAsync("#", QualityOfService.AtLeastOnce);
            await subscriber.SubscribeAsync("t", QualityOfService.AtLeastOnce);
        }

        var publisher = await fleet.ConnectAsync(1, "p");
        for (var i = 0; i < 100; i++)
        {
            await publisher.PublishAsync("t", $"{i}", QualityOfService.AtLeastOnce);
        }

        foreach (var subscriber in subscribers)
        {
            for (var i = 0; i < 100; i++)
            {
                await subscriber.ExpectPublishAsync("t", $"{i}");
            }

            await subscriber.ExpectNothingAsync();
        }
    }

    [Fact]
    public async Task Engine_KilledAndBack_LosesNothingThatWasAcknowledged()
    {
        await using var fleet = await Fleet.StartAsync(2);
        var subscriber = await fleet.ConnectAsync(0, "s");
        await subscriber.SubscribeAsync("t", QualityOfService.AtLeastOnce);
        var local = await fleet.ConnectAsync(1, "local");
        await local.SubscribeAsync("here", QualityOfService.AtLeastOnce);
        var publisher = await fleet.ConnectAsync(1, "p");
        await publisher.PublishAsync("t", "before", QualityOfService.AtLeastOnce);
        await subscriber.ExpectPublishAsync("t", "before");

        await fleet.Nats.KillAsync(0);
        await fleet.Nodes[1].HappensAsync<EngineLost>("the node notices");
        await fleet.Nodes[1].BecomesAsync(
            "it says so", snapshot => snapshot.Checks.Single(check => check.Name == CheckNames.Cluster).Reason == Reasons.EngineLost);
        var waiting = publisher.PublishAsync("t", "during", QualityOfService.AtLeastOnce);
        fleet.Nodes[1].Now.Ready.ShouldBeTrue("it serves its own clients");
        (await (await fleet.ConnectAsync(1, "q")).PublishAsync("here", "x", QualityOfService.AtLeastOnce)).ShouldBe(ReasonCode.Success);
        await local.ExpectPublishAsync("here", "x");
        waiting.IsCompleted.ShouldBeFalse("the other node does not have it");

        await fleet.Nats.StartAsync(0);
        (await Eventually.CompletesAsync("it is acknowledged", waiting)).ShouldBe(ReasonCode.Success);
        await subscriber.ExpectPublishAsync("t", "during");
    }

    [Fact]
    public async Task Engine_HasOneConnectionLeft_TheNodeTakesNoPartUntilItHasTwo()
    {
        await using var fleet = await Fleet.StartAsync(
            1, cluster => cluster with { JoinPatience = TimeSpan.FromSeconds(1) }, more: "max_connections: 3");
        var node = await fleet.AddAsync();

        await node.HappensAsync<EngineLost>(
            "it is refused", lost => lost.Problem.Contains("maximum connections", StringComparison.Ordinal));

        // Which of its two connections has the last place is left to chance: with the one it hears the other node, with the other nobody.
        await node.BecomesAsync(
            "it says so",
            snapshot => snapshot.Checks.Single(check => check.Name == CheckNames.Cluster).Reason is Reasons.Alone or Reasons.EngineLost);
        node.Events().ShouldNotContain(envelope => envelope.Event is EngineConnected);
        fleet.Nodes[0].Events().ShouldNotContain(envelope => envelope.Event is PeerJoined);

        fleet.Nats.Reload(0, "max_connections: 4");
        await fleet.IsWholeAsync();
    }

    [Fact]
    public async Task Node_StopsAndAnotherComes_ArePeersThatLeaveAndJoin()
    {
        await using var fleet = await Fleet.StartAsync(2);
        var subscriber = await fleet.ConnectAsync(1, "s");
        await subscriber.SubscribeAsync("t", QualityOfService.AtLeastOnce);
        var publisher = await fleet.ConnectAsync(0, "p");

        await fleet.Nodes[1].DisposeAsync();
        (await fleet.Nodes[0].HappensAsync<PeerLeft>("it says that it stops")).Node.ShouldBe("n2");
        (await publisher.PublishAsync("t", "x", QualityOfService.AtLeastOnce)).ShouldBe(ReasonCode.NoMatchingSubscribers);
        fleet.Nodes[0].Check(CheckNames.Cluster).Status.ShouldBe(HealthStatus.Ok);
    }
}
