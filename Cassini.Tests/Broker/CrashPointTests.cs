using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Properties;
using Cassini.Tests.Support;

namespace Cassini.Tests.Broker;

/// <summary>What a crash between any two changes leaves is whole: nothing is lost, and nothing is there twice.</summary>
public class CrashPointTests
{
    // What a member of a share had not finished is either its own or another member's.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task SessionOfAShare_Ends_ItsMessagesAreOfOneMemberAtATime(bool byCleanStart)
    {
        await using var rig = new BrokerRig();
        var leaving = await rig.OpenAsync("leaving", change: BrokerRig.Lasting);
        await leaving.Client.SubscribeAsync("$share/g/t");
        await leaving.LoseAsync();
        var publisher = await rig.ConnectAsync("p");
        foreach (var (text, qos) in new[] { ("1", QualityOfService.AtLeastOnce), ("2", QualityOfService.ExactlyOnce) })
        {
            await publisher.PublishAsync("t", text, qos);
        }

        var staying = await rig.OpenAsync("staying", change: BrokerRig.Lasting);
        await staying.Client.SubscribeAsync("$share/g/t");
        rig.Store.Crashes.ShouldBeEmpty();
        if (byCleanStart)
        {
            await rig.OpenAsync("leaving", change: connect => BrokerRig.Lasting(connect) with { CleanStart = true });
        }
        else
        {
            var again = await rig.OpenAsync(
                "leaving", change: connect => BrokerRig.Lasting(connect) with { Properties = Lasting with { ReceiveMaximum = 1 } });
            await again.DisconnectAsync(properties: new PropertySet { SessionExpiryInterval = 0 });
        }

        await staying.Client.ExpectPublishAsync("t", "1");
        await staying.Client.ExpectPublishAsync("t", "2");
        await Eventually.HoldsAsync("the session has ended", () => rig.Store.Sessions.Count() == (byCleanStart ? 2 : 1));
        foreach (var crash in rig.Store.Crashes)
        {
            Texts(crash).Order().ShouldBe(["1", "2"]);
        }
    }

    // A session that had ended is not there after a restart, but what it had not finished comes to the others.
    [Fact]
    public async Task SessionOfAShare_CrashAtItsEnd_OthersGetItsMessagesAfterTheRestart()
    {
        await using var rig = new BrokerRig();
        var leaving = await rig.OpenAsync("leaving", change: BrokerRig.Lasting);
        await leaving.Client.SubscribeAsync("$share/g/t");
        await leaving.LoseAsync();
        await (await rig.ConnectAsync("p")).PublishAsync("t", "1", QualityOfService.ExactlyOnce);
        var staying = await rig.OpenAsync("staying", change: BrokerRig.Lasting);
        await staying.Client.SubscribeAsync("$share/g/t");
        rig.Store.Crashes.ShouldBeEmpty();
        await rig.OpenAsync("leaving", change: connect => connect with { CleanStart = true });
        await staying.Client.ExpectPublishAsync("t", "1");

        var crash = rig.Store.Crashes.First(state => state.Sessions.Any(session => session.IsOver));

        await using var next = new BrokerRig(store: InMemoryStore.Of(crash));
        await next.Broker.LoadAsync(TestContext.Current.CancellationToken);
        next.Broker.Sessions.Find("leaving").ShouldBeNull();
        next.Store.Sessions.ShouldHaveSingleItem().ClientId.ShouldBe("staying");
        var again = await next.OpenAsync("staying", change: BrokerRig.Lasting);
        await again.Client.ExpectPublishAsync("t", "1");
    }

    // A will is either waiting or with its subscribers.
    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    public async Task Will_IsPublished_IsThereOnce(int delay)
    {
        await using var rig = new BrokerRig();
        var away = await rig.OpenAsync("away", change: BrokerRig.Lasting);
        await away.Client.SubscribeAsync("wills");
        await away.LoseAsync();
        var dying = await rig.OpenAsync(
            "dying",
            change: connect => BrokerRig.WithWill(BrokerRig.Lasting(connect), qos: QualityOfService.ExactlyOnce, delay: (uint)delay));
        rig.Store.Crashes.ShouldBeEmpty();

        await dying.LoseAsync();
        rig.Advance(10);

        await Eventually.HoldsAsync("the will is published", () => !rig.Store.Wills.Any());
        var crashes = rig.Store.Crashes;
        crashes.ShouldNotBeEmpty();
        foreach (var crash in crashes)
        {
            (crash.Wills.Length + Texts(crash).Count()).ShouldBe(1);
        }
    }

    // The client knows that it has subscribed, so it waits for what is retained.
    [Theory]
    [InlineData(QualityOfService.AtLeastOnce)]
    [InlineData(QualityOfService.ExactlyOnce)]
    public async Task RetainedMessages_CrashInTheMiddleOfThem_TheRestComesAfterTheRestart(QualityOfService qos)
    {
        const int all = 50;
        var topics = Enumerable.Range(0, all).Select(number => $"r/{number}").ToList();
        var store = new InMemoryStore();
        await using (var rig = new BrokerRig(store: store))
        {
            var publisher = await rig.ConnectAsync("p");
            foreach (var topic in topics)
            {
                await publisher.PublishAsync(topic, "old", qos, retain: true);
            }

            var subscriber = await rig.OpenAsync("s", change: Few);
            await subscriber.Client.SubscribeAsync("r/+");
            await subscriber.LoseAsync();
        }

        await using var next = new BrokerRig(store: store);
        await next.Broker.LoadAsync(TestContext.Current.CancellationToken);
        var again = await next.OpenAsync("s", change: Few);
        again.Answer!.SessionPresent.ShouldBeTrue();
        var taken = new HashSet<string>();
        while (taken.Count < all)
        {
            if (await again.Client.ExpectAsync<object>() is ReceivedPublish publish)
            {
                publish.Retain.ShouldBeTrue();
                taken.Add(publish.Topic);
                await FinishAsync(again.Client, publish);
            }
        }

        taken.Order().ShouldBe(topics.Order());
    }

    // Once all have come they do not come again.
    [Fact]
    public async Task RetainedMessages_AllHaveCome_DoNotComeAgainAfterARestart()
    {
        var store = new InMemoryStore();
        await using (var rig = new BrokerRig(store: store))
        {
            await (await rig.ConnectAsync("p")).PublishAsync("r", "old", QualityOfService.AtLeastOnce, retain: true);
            var subscriber = await rig.OpenAsync("s", change: BrokerRig.Lasting);
            await subscriber.Client.SubscribeAsync("r");
            await FinishAsync(subscriber.Client, await subscriber.Client.ExpectPublishAsync("r", "old"));
            await subscriber.Client.PingAsync();
            await subscriber.LoseAsync();
        }

        await using var next = new BrokerRig(store: store);
        await next.Broker.LoadAsync(TestContext.Current.CancellationToken);
        await (await next.OpenAsync("s", change: BrokerRig.Lasting)).Client.ExpectNothingAsync();
    }

    // What waited before the restart is older than what is retained now.
    [Fact]
    public async Task RetainedMessages_OlderOnesWaitAfterARestart_ComeAfterThem()
    {
        var store = new InMemoryStore();
        await using (var rig = new BrokerRig(store: store))
        {
            var publisher = await rig.ConnectAsync("p");
            foreach (var number in Enumerable.Range(0, 20))
            {
                await publisher.PublishAsync($"r/{number}", "old", QualityOfService.AtLeastOnce, retain: true);
            }

            var subscriber = await rig.OpenAsync("s", change: Few);
            await subscriber.Client.SubscribeAsync("r/+");
            await publisher.PublishAsync("r/19", "new", QualityOfService.AtLeastOnce, retain: true);
            await publisher.PublishAsync("r/19", "newer", QualityOfService.AtLeastOnce, retain: true);
            await subscriber.LoseAsync();
        }

        await using var next = new BrokerRig(store: store);
        await next.Broker.LoadAsync(TestContext.Current.CancellationToken);
        var again = await next.OpenAsync("s", change: Few);
        var seen = new List<string>();
        while (seen.Count < 3)
        {
            if (await again.Client.ExpectAsync<object>() is ReceivedPublish publish)
            {
                await FinishAsync(again.Client, publish);
                if (publish.Topic == "r/19")
                {
                    seen.Add(publish.Text);
                }
            }
        }

        seen.ShouldBe(["new", "newer", "newer"]);
    }

    // Else the store would never drop what was written before.
    [Fact]
    public async Task Attach_FailsAfterTheSessionWasStored_LeavesNothingInTheStore()
    {
        await using var rig = new BrokerRig();
        var bug = new InvalidOperationException("The store has a bug.");
        var connection = rig.Open();
        rig.Store.PuttingPresence = () => throw bug;

        await connection.Client.SendAsync(Streams.Mqtt.Packets.ConnectWriter.Write(BrokerRig.Lasting(connection.Client.Connect("a"))));
        await connection.ExpectFailureAsync(bug);

        rig.Store.Sessions.ShouldBeEmpty();
    }

    private static PropertySet Lasting => new() { SessionExpiryInterval = 3600 };

    private static Streams.Mqtt.Packets.ConnectPacket Few(Streams.Mqtt.Packets.ConnectPacket connect) =>
        BrokerRig.Lasting(connect) with { Properties = Lasting with { ReceiveMaximum = 2 } };

    private static IEnumerable<string> Texts(BrokerState state) =>
        state.Sessions.SelectMany(session => session.Messages)
            .Select(message => System.Text.Encoding.UTF8.GetString(message.Message.Message.Payload));

    private static async Task FinishAsync(MqttTestClient client, ReceivedPublish publish)
    {
        if (publish.QoS == QualityOfService.AtLeastOnce)
        {
            await client.AckAsync(PacketType.PubAck, publish.PacketId);
        }
        else if (publish.QoS == QualityOfService.ExactlyOnce)
        {
            await client.AckAsync(PacketType.PubRec, publish.PacketId);
            await client.AckAsync(PacketType.PubComp, publish.PacketId);
        }
    }
}
