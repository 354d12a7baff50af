using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;

namespace Cassini.Tests.Broker;

/// <summary>The list of topics.</summary>
public class TopicListTests
{
    [Fact]
    public async Task TopicNames_WithoutEnd_NeitherGrowTheListNorFloodTheEvents()
    {
        await using var rig = new BrokerRig(options => options with { MaxTopics = 150, TopicIdle = TimeSpan.FromMinutes(1) });
        var watcher = await rig.ConnectAsync("w");
        await watcher.SubscribeAsync("t/+", QualityOfService.AtMostOnce);
        var publisher = await rig.ConnectAsync("p");
        for (var i = 0; i < 2000; i += 100)
        {
            await publisher.SendAsync([.. Enumerable.Range(i, 100).Select(n => (ReadOnlyMemory<byte>)publisher.Publish($"t/{n}", "x"))]);
            for (var n = i; n < i + 100; n++)
            {
                await watcher.ExpectPublishAsync($"t/{n}", "x");
            }
        }

        rig.Broker.Topics.Count.ShouldBe(150);
        rig.Broker.GetTopics().Count.ShouldBe(150);
        var created = rig.Events.Of<TopicCreated>();
        created.Count.ShouldBe(100, "a burst, and nothing while time stands still");
        await publisher.PublishAsync("t/0", "kept", retain: true);
        rig.Advance(61);
        rig.Broker.GetTopics().ShouldHaveSingleItem().ShouldSatisfyAllConditions(
            topic => topic.Name.ShouldBe("t/0"), topic => topic.IsRetained.ShouldBeTrue(), topic => topic.Subscribers.ShouldBe(1));
        rig.Events.Of<TopicRemoved>().Select(removed => removed.Topic).ShouldBe(
            created.Select(topic => topic.Topic).Where(topic => topic != "t/0"),
            ignoreOrder: true,
            "each that was published as created, and no other");
    }

    [Fact]
    public async Task TopicNames_OfOneIdentityTakeTheWholeAllowance_TheFirstOfAnotherIsStillPublished()
    {
        await using var rig = new BrokerRig();
        var many = await rig.ConnectAsync("many", identity: "many");
        for (var i = 0; i < 200; i++)
        {
            await many.PublishAsync($"t/{i}", "x");
        }

        await many.PingAsync();
        var other = await rig.ConnectAsync("other", identity: "other");
        await other.PublishAsync("other/1", "x");
        await other.PublishAsync("other/2", "x");
        await other.PingAsync();

        var created = rig.Events.Of<TopicCreated>().Select(topic => topic.Topic).ToList();
        created.Count.ShouldBe(101);
        created.ShouldContain("other/1");
    }

    [Fact]
    public async Task Subscribers_SubscriptionHasChanged_AreUnknownUntilTheNextMessage()
    {
        await using var rig = new BrokerRig();
        var watcher = await rig.ConnectAsync("w");
        await watcher.SubscribeAsync("t", QualityOfService.AtMostOnce);
        var publisher = await rig.ConnectAsync("p");
        await publisher.PublishAsync("t", "one", QualityOfService.AtLeastOnce);
        await watcher.ExpectPublishAsync("t", "one");
        rig.Broker.GetTopics().ShouldHaveSingleItem().Subscribers.ShouldBe(1);

        await watcher.UnsubscribeAsync("t");

        rig.Broker.GetTopics().ShouldHaveSingleItem().Subscribers.ShouldBeNull();
        await publisher.PublishAsync("t", "two", QualityOfService.AtLeastOnce);
        rig.Broker.GetTopics().ShouldHaveSingleItem().Subscribers.ShouldBe(0);
    }
}
