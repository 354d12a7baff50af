using Cassini.Streams.Mqtt;

namespace Cassini.Tests.Broker;

/// <summary>A broker made anew over the store of the last one goes on where that was.</summary>
public class StoreTests
{
    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Session_Lasting_GoesOnInTheNextBroker(int version)
    {
        await using var rig = new BrokerRig();
        var away = await rig.OpenAsync("away", version, connect => BrokerRig.Lasting(connect), identity: "bob");
        await away.Client.SubscribeAsync("t/#", QualityOfService.ExactlyOnce, version == 5 ? 7 : null);
        await away.Client.SubscribeAsync("dropped");
        await away.Client.UnsubscribeAsync("dropped");
        var publisher = await rig.OpenAsync("p", 5, BrokerRig.Lasting);
        await publisher.Client.PublishAsync("t/1", "acknowledged", QualityOfService.AtLeastOnce);
        await away.Client.AckAsync(PacketType.PubAck, (await away.Client.ExpectPublishAsync("t/1", "acknowledged")).PacketId);
        await publisher.Client.PublishAsync("t/1", "one", QualityOfService.AtLeastOnce);
        var one = await away.Client.ExpectPublishAsync("t/1", "one");
        await publisher.Client.PublishAsync("t/1", "two", QualityOfService.ExactlyOnce);
        var two = await away.Client.ExpectPublishAsync("t/1", "two");
        await publisher.Client.PublishAsync("t/1", "three", QualityOfService.ExactlyOnce);
        var three = await away.Client.ExpectPublishAsync("t/1", "three");
        await away.Client.AckAsync(PacketType.PubRec, three.PacketId);
        await away.Client.ExpectAckAsync(PacketType.PubRel, three.PacketId);
        await away.LoseAsync();
        await publisher.Client.PublishAsync("t/1", "four", QualityOfService.AtLeastOnce, retain: true);
        await publisher.Client.SendAsync(publisher.Client.Publish("t/2", "five", QualityOfService.ExactlyOnce, 99));
        await publisher.Client.ExpectAckAsync(PacketType.PubRec, 99);
        await publisher.LoseAsync();

        await using var next = new BrokerRig(store: rig.Store, clock: rig.Clock);
        await next.Broker.LoadAsync(TestContext.Current.CancellationToken);
        next.Broker.Sessions.Count.ShouldBe(2);
        next.Broker.Retained.Match("t/#"u8).ShouldHaveSingleItem().Topic.Name.ShouldBe("t/1");
        next.Broker.GetTopics().ShouldHaveSingleItem().Name.ShouldBe("t/1", "what is retained is a topic in use");

        var stranger = next.Open(version, "alice").Client;
        await stranger.ExpectRefusalAsync(stranger.Connect("away"));
        var again = await next.OpenAsync("away", version, BrokerRig.Lasting, identity: "bob");
        again.Answer!.SessionPresent.ShouldBeTrue();
        foreach (var (text, id) in new[] { ("one", one.PacketId), ("two", two.PacketId) })
        {
            var message = await again.Client.ExpectPublishAsync("t/1", text);
            (message.PacketId, message.Dup).ShouldBe((id, true));
            message.Properties.SubscriptionIdentifiers.ShouldBe(version == 5 ? [7] : []);
        }

        await again.Client.ExpectAckAsync(PacketType.PubRel, three.PacketId);
        var four = await again.Client.ExpectPublishAsync("t/1", "four");
        four.Dup.ShouldBeFalse();
        new[] { one.PacketId, two.PacketId, three.PacketId }.ShouldNotContain(four.PacketId);
        await again.Client.ExpectPublishAsync("t/2", "five");

        var sender = await next.OpenAsync("p", 5, BrokerRig.Lasting);
        await sender.Client.SendAsync(sender.Client.Publish("t/2", "five", QualityOfService.ExactlyOnce, 99, dup: true));
        await sender.Client.ExpectAckAsync(PacketType.PubRec, 99);
        await sender.Client.AckAsync(PacketType.PubRel, 99);
        (await sender.Client.ExpectAckAsync(PacketType.PubComp, 99)).ShouldBe(ReasonCode.Success);
        await again.Client.ExpectNothingAsync();
        next.Broker.Tree.Count.ShouldBe(1);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Session_ThatEndsWithItsConnection_IsNeverStored(int version)
    {
        var store = new InMemoryStore();
        await using var rig = new BrokerRig(store: store);
        var client = await rig.ConnectAsync("a", version);
        await client.SubscribeAsync("t");
        await client.PublishAsync("u", "1", QualityOfService.AtLeastOnce);
        await client.SendAsync(client.Publish("u", "1", QualityOfService.ExactlyOnce, 50));
        await client.ExpectAckAsync(PacketType.PubRec, 50);
        store.Sessions.ShouldBeEmpty();
    }

    // A session that no longer lasts is forgotten, and its connection goes on with it.
    [Fact]
    public async Task Session_ThatNoLongerLasts_IsForgottenByTheStore()
    {
        await using var rig = new BrokerRig();
        var first = await rig.OpenAsync("a", change: BrokerRig.Lasting);
        await first.Client.SubscribeAsync("t");
        await first.LoseAsync();
        var again = await rig.OpenAsync("a", change: connect => connect with { CleanStart = false });
        again.Answer!.SessionPresent.ShouldBeTrue();
        rig.Store.Sessions.ShouldBeEmpty();
        await (await rig.ConnectAsync("p")).PublishAsync("t", "1", QualityOfService.AtLeastOnce);
        await again.Client.ExpectPublishAsync("t", "1");
    }

    [Fact]
    public async Task Session_ThatExpires_IsForgottenByTheStore()
    {
        await using var rig = new BrokerRig();
        await (await rig.OpenAsync("a", change: BrokerRig.Lasting)).LoseAsync();
        rig.Store.Sessions.ShouldHaveSingleItem();
        rig.Advance(3600);
        rig.Store.Sessions.ShouldBeEmpty();
    }

    // $SYS is made anew by each process.
    [Fact]
    public async Task Retained_InTheStore_AreTheClientsAlone()
    {
        await using var rig = new BrokerRig();
        var publisher = await rig.ConnectAsync("p");
        await publisher.PublishAsync("t", "1", retain: true);
        await publisher.PublishAsync("u", "1", retain: true);
        await publisher.PublishAsync("u", "", retain: true);
        rig.Store.Retained.ShouldBe(["t"]);
    }
}
