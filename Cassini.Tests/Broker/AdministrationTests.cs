using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Tests.Support;

namespace Cassini.Tests.Broker;

/// <summary>What operators do to make room.</summary>
public class AdministrationTests
{
    [Fact]
    public async Task EndSession_Kept_IsGoneWithItsSubscriptionsAndItsMessages()
    {
        await using var rig = new BrokerRig();
        var used = rig.Broker.Budget.Used;
        var away = await rig.OpenAsync("away", change: BrokerRig.Lasting);
        await away.Client.SubscribeAsync("t");
        await away.LoseAsync();
        var publisher = await rig.ConnectAsync("p");
        await publisher.PublishAsync("t", "1", QualityOfService.AtLeastOnce);
        rig.Broker.Statistics.QueuedMessages.ShouldBe(1);

        (await rig.Broker.Administration.EndSessionAsync("away")).ShouldBe(false);

        rig.Broker.Sessions.Find("away").ShouldBeNull();
        rig.Broker.Statistics.QueuedMessages.ShouldBe(0);
        rig.Broker.Statistics.SessionsEndedByOperator.ShouldBe(1);
        rig.Events.Of<SessionEnded>().ShouldBe([new SessionEnded("away", SessionEndReason.Administrative)]);
        rig.Accounts.All.Select(account => account.Held(CapacityResource.Sessions)).Sum().ShouldBe(1, "the publisher's");
        (await publisher.PublishAsync("t", "2", QualityOfService.AtLeastOnce)).ShouldBe(ReasonCode.NoMatchingSubscribers);
        (await rig.Broker.Administration.EndSessionAsync("away")).ShouldBeNull();
        await Eventually.HoldsAsync("its memory is given back", () => rig.Broker.Budget.Used - used < 10_000);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task EndSession_Open_SaysWhyAndEndsItAndPublishesItsWill(bool isLasting)
    {
        await using var rig = new BrokerRig();
        var watcher = await rig.ConnectAsync("w");
        await watcher.SubscribeAsync("wills", QualityOfService.AtMostOnce);
        var open = await rig.OpenAsync(
            "open", change: connect => BrokerRig.WithWill(isLasting ? BrokerRig.Lasting(connect) : connect, delay: 60));

        (await rig.Broker.Administration.EndSessionAsync("open")).ShouldBe(true);

        await open.Client.ExpectClosedAsync(ReasonCode.AdministrativeAction);
        await watcher.ExpectPublishAsync("wills", "gone");
        await Eventually.CompletesAsync("the connection ends", open.Served);
        rig.Broker.Sessions.Find("open").ShouldBeNull();
        rig.Broker.Sessions.Open.ShouldBe(1);
        rig.Events.Of<SessionClosed>().ShouldHaveSingleItem().Reason.ShouldBe(CloseReason.Disconnected);
        rig.Events.Of<SessionEnded>().ShouldHaveSingleItem().ClientId.ShouldBe("open");
    }

    [Fact]
    public async Task EndSession_WillWaitsForItsDelay_IsPublished()
    {
        await using var rig = new BrokerRig();
        var watcher = await rig.ConnectAsync("w");
        await watcher.SubscribeAsync("wills", QualityOfService.AtMostOnce);
        var away = await rig.OpenAsync("away", change: connect => BrokerRig.WithWill(BrokerRig.Lasting(connect), delay: 60));
        await away.LoseAsync();

        await rig.Broker.Administration.EndSessionAsync("away");

        await watcher.ExpectPublishAsync("wills", "gone");
        await watcher.ExpectNothingAsync();
    }

    [Fact]
    public async Task EndSessionsOf_AnIdentity_LeavesTheOthers()
    {
        await using var rig = new BrokerRig();
        for (var i = 0; i < 50; i++)
        {
            var away = await rig.OpenAsync($"m{i}", change: BrokerRig.Lasting, identity: "mallory");
            if (i > 0)
            {
                await away.LoseAsync();
            }
        }

        var other = await rig.ConnectAsync("other");

        (await rig.Broker.Administration.EndSessionsOfAsync("mallory", TestContext.Current.CancellationToken)).ShouldBe((50, 1));

        rig.Broker.Sessions.Count.ShouldBe(1);
        await other.PingAsync();
        await Eventually.HoldsAsync(
            "nothing is charged to it", () => rig.Accounts.All.All(
                account => account.Identity != "mallory" || account.Held(CapacityResource.Sessions) == 0));
    }

    // An operator's order, the client's return and its end by itself meet: each place is given back once.
    [Fact]
    public async Task EndSession_WhileItsClientComesBack_LeavesNoPlaceTaken()
    {
        await using var rig = new BrokerRig(options => options with { MaxTakeOverDelay = TimeSpan.Zero });
        for (var i = 0; i < 40; i++)
        {
            var first = await rig.OpenAsync("c", change: i % 2 == 0 ? BrokerRig.Lasting : null);
            var ending = Task.Run(() => rig.Broker.Administration.EndSessionAsync("c"));
            var second = await rig.OpenAsync("c");
            await ending;
            await Eventually.CompletesAsync("the first connection ends", first.Served);
            await rig.Broker.Administration.EndSessionAsync("c");
            await Eventually.CompletesAsync("the second connection ends", second.Served);
            await Eventually.BecomesAsync(
                "no session is left", () => (rig.Broker.Sessions.Count, rig.Broker.Sessions.Open), left => left == (0, 0));
        }
    }

    [Fact]
    public async Task PurgeRetained_AFilter_RemovesItsTopicsAndTellsNobody()
    {
        await using var rig = new BrokerRig();
        var publisher = await rig.ConnectAsync("p");
        for (var i = 0; i < 250; i++)
        {
            await publisher.PublishAsync($"old/{i}", "1", QualityOfService.AtLeastOnce, retain: true);
        }

        await publisher.PublishAsync("new/1", "1", QualityOfService.AtLeastOnce, retain: true);
        var watcher = await rig.ConnectAsync("w");
        await watcher.SubscribeAsync("none/#");
        var slices = new List<int>();

        await rig.Broker.Administration.PurgeRetainedAsync(
            MqttText.Encode("old/#"), slices.Add, TestContext.Current.CancellationToken);

        slices.Sum().ShouldBe(250);
        slices.Max().ShouldBe(100);
        rig.Broker.Retained.Count.ShouldBe(1);
        rig.Store.Retained.ShouldHaveSingleItem().ShouldBe("new/1");
        await watcher.ExpectNothingAsync();
    }

    [Fact]
    public async Task PurgeRetained_Everything_LeavesTheBrokersOwn()
    {
        await using var rig = new BrokerRig();
        await rig.Broker.Administration.PurgeRetainedAsync(MqttText.Encode("$SYS/#"), _ => { }, TestContext.Current.CancellationToken);
        await rig.Broker.Administration.PurgeRetainedAsync(MqttText.Encode("#"), _ => { }, TestContext.Current.CancellationToken);

        rig.Broker.Retained.Get("$SYS/broker/version"u8).ShouldNotBeNull();
    }
}
