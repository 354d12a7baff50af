using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Sessions;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Tests.Support;

namespace Cassini.Tests.Broker;

/// <summary>What the other members of a shared subscription get when the session of one ends (MQTT 5.0 §4.8.2).</summary>
public class ShareHandOverTests
{
    // [MQTT-3.3.1-12], [MQTT-3.3.1-13]: the flag follows the subscription of the one that gets it.
    [Theory]
    [InlineData(false, true, true)]
    [InlineData(true, true, true)]
    [InlineData(true, false, true)]
    [InlineData(false, false, true)]
    [InlineData(false, true, false)]
    public async Task HandOn_RetainFlag_FollowsTheNextMembersSubscription(bool ofLeaving, bool ofStaying, bool published)
    {
        await using var rig = new BrokerRig();
        var leaving = await rig.OpenAsync("leaving");
        await leaving.Client.SubscribeAsync(Request("$share/g/t", ofLeaving));
        await (await rig.ConnectAsync("p")).PublishAsync("t", "1", QualityOfService.AtLeastOnce, retain: published);
        (await leaving.Client.ExpectPublishAsync("t", "1")).Retain.ShouldBe(published && ofLeaving);
        var staying = await rig.ConnectAsync("staying");
        await staying.SubscribeAsync(Request("$share/g/t", ofStaying));

        await leaving.LoseAsync();

        (await staying.ExpectPublishAsync("t", "1")).Retain.ShouldBe(published && ofStaying);
    }

    // The same with what a store kept.
    [Fact]
    public async Task HandOn_AfterARestart_KnowsHowItWasPublished()
    {
        var store = new InMemoryStore();
        await using (var before = new BrokerRig(store: store))
        {
            var leaving = await before.OpenAsync("leaving", change: BrokerRig.Lasting);
            await leaving.Client.SubscribeAsync(Request("$share/g/t", asPublished: false));
            await (await before.ConnectAsync("p")).PublishAsync("t", "1", QualityOfService.AtLeastOnce, retain: true);
            await leaving.Client.ExpectPublishAsync("t", "1");
        }

        await using var rig = new BrokerRig(store: store);
        await rig.Broker.LoadAsync(TestContext.Current.CancellationToken);
        var staying = await rig.ConnectAsync("staying");
        await staying.SubscribeAsync(Request("$share/g/t", asPublished: true));

        rig.Advance(TimeSpan.FromHours(2));

        (await staying.ExpectPublishAsync("t", "1")).Retain.ShouldBeTrue();
    }

    [Fact]
    public async Task KeepsMessages_SessionHasEnded_IsFalse()
    {
        await using var rig = new BrokerRig();
        await (await rig.OpenAsync("a", change: BrokerRig.Lasting)).DisconnectAsync();
        var session = rig.Broker.Sessions.Find("a")!;
        session.KeepsMessages.ShouldBeTrue();

        session.End(SessionEndReason.CleanStart);

        session.KeepsMessages.ShouldBeFalse();
    }

    // The member whose turn it was has ended before it got the message.
    [Fact]
    public async Task Deliver_ToAMemberThatHasJustEnded_GoesToAnother()
    {
        await using var rig = new BrokerRig();
        await (await rig.OpenAsync("away", change: BrokerRig.Lasting)).DisconnectAsync();
        var away = rig.Broker.Sessions.Find("away")!;
        var subscription = new Subscription(away, "$share/g/t", QualityOfService.AtLeastOnce, false, false, []);
        var staying = await rig.ConnectAsync("staying");
        await staying.SubscribeAsync("$share/g/t", QualityOfService.AtLeastOnce);
        away.End(SessionEndReason.CleanStart);

        Deliver(away, subscription);

        await staying.ExpectPublishAsync("t", "1");
    }

    // Whatever the other member does with them: clients that connect meanwhile must not wait for it.
    [Fact]
    public async Task HandOn_CleanStartOfAMember_HoldsUpNoOtherConnect()
    {
        await using var rig = new BrokerRig();
        var leaving = await rig.OpenAsync("leaving", change: BrokerRig.Lasting);
        await leaving.Client.SubscribeAsync("$share/g/t", QualityOfService.AtLeastOnce);
        await (await rig.ConnectAsync("p")).PublishAsync("t", "1", QualityOfService.AtLeastOnce);
        await leaving.Client.ExpectPublishAsync("t", "1");
        await leaving.LoseAsync();
        var staying = await rig.OpenAsync("staying", change: BrokerRig.Lasting);
        await staying.Client.SubscribeAsync("$share/g/t", QualityOfService.AtLeastOnce);
        var free = new TaskCompletionSource();
        rig.Store.PuttingDelivery = () =>
        {
            rig.Store.PuttingDelivery = () => { };
            try
            {
                // Another identity is refused, but only when it has its turn.
                var other = Task.Run(async () =>
                {
                    var client = rig.Open(identity: "bob").Client;
                    await client.ExpectRefusalAsync(client.Connect("leaving"));
                });
                Eventually.CompletesAsync("another client is answered", other, TimeSpan.FromSeconds(5)).GetAwaiter().GetResult();
                free.SetResult();
            }
            catch (Exception failure)
            {
                free.SetException(failure);
            }
        };

        await rig.ConnectAsync("leaving");

        await Eventually.CompletesAsync("the message is handed on", free.Task);
        await staying.Client.ExpectPublishAsync("t", "1");
    }

    private static void Deliver(Session session, Subscription subscription)
    {
        var message = new Publication
        {
            Topic = new Topic([.. "t"u8], isListed: false, usedAt: 0),
            Account = session.Account,
            Payload = "1"u8,
            QoS = QualityOfService.AtLeastOnce,
        };
        var flushes = new FlushSet();
        session.Deliver(ref message, subscription, flushes);
        flushes.Flush(inline: false);
    }

    private static SubscriptionRequest Request(string filter, bool asPublished) =>
        new(filter, QualityOfService.AtLeastOnce, NoLocal: false, asPublished, RetainHandling.Send);
}
