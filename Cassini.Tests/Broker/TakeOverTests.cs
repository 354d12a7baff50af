using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Sessions;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Mqtt.Properties;
using Cassini.Tests.Support;

namespace Cassini.Tests.Broker;

/// <summary>Sessions that another connection takes over (MQTT 5.0 §3.1.4).</summary>
public class TakeOverTests
{
    // [MQTT-3.1.4-3]; 3.1.1 [MQTT-3.1.4-2]
    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task TakeOver_OfALastingSession_ClosesTheOldConnectionAndServesTheNewOne(int version)
    {
        await using var rig = new BrokerRig();
        var old = await rig.OpenAsync("a", version, BrokerRig.Lasting);
        await old.Client.SubscribeAsync("t");
        var taking = await rig.OpenAsync("a", version, BrokerRig.Lasting);
        taking.Answer!.SessionPresent.ShouldBeTrue();
        await old.Client.ExpectClosedAsync(ReasonCode.SessionTakenOver);
        old.Closing.ShouldBe(CloseReason.TakenOver);
        await old.Served;
        await (await rig.ConnectAsync("p")).PublishAsync("t", "1");
        await taking.Client.ExpectPublishAsync("t", "1");
        rig.Broker.Sessions.Open.ShouldBe(2);
        rig.Broker.Sessions.Count.ShouldBe(2);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task TakeOver_Clean_StartsAnew(int version)
    {
        await using var rig = new BrokerRig();
        var old = await rig.OpenAsync("a", version, BrokerRig.Lasting);
        await old.Client.SubscribeAsync("t");
        var taking = await rig.OpenAsync("a", version);
        taking.Answer!.SessionPresent.ShouldBeFalse();
        await old.Client.ExpectClosedAsync(ReasonCode.SessionTakenOver);
        await old.Served;
        await (await rig.ConnectAsync("p")).PublishAsync("t", "1");
        await taking.Client.ExpectNothingAsync();
        rig.Broker.Sessions.Open.ShouldBe(2);
        (await rig.Store.LoadAsync(long.MaxValue, default)).Sessions.ShouldBeEmpty();
    }

    // The reader of the old connection may be in the middle of what the client sent there: that comes first [MQTT-4.6.0-6].
    [Fact]
    public async Task TakeOver_WhileTheOldConnectionDelivers_KeepsTheOrderOfItsClient()
    {
        await using var rig = new BrokerRig();
        var subscriber = await rig.ConnectAsync("s");
        await subscriber.SubscribeAsync("t");
        var old = await rig.OpenAsync("a");
        using var goOn = new ManualResetEventSlim();
        rig.Events.Published = published =>
        {
            if (published is TopicCreated { Topic: "halt" })
            {
                goOn.Wait(Eventually.Deadline);
            }
        };
        await old.Client.SendAsync(
            old.Client.Publish("halt", ""),
            old.Client.Publish("t", "1", QualityOfService.AtLeastOnce, 1),
            old.Client.Publish("t", "2", QualityOfService.AtLeastOnce, 2));
        await Eventually.HoldsAsync("its reader is at the first", () => rig.Events.Of<TopicCreated>().Any(topic => topic.Topic == "halt"));

        var taking = TakeAsync();
        await Eventually.HoldsAsync("the old one is to end", () => old.Closing == CloseReason.TakenOver);
        for (var i = 0; i < 20; i++)
        {
            await subscriber.PingAsync();
        }

        taking.IsCompleted.ShouldBeFalse("the new one is not served yet");
        goOn.Set();
        await Eventually.CompletesAsync("the new one is served", taking);
        foreach (var payload in (string[])["1", "2", "3"])
        {
            await subscriber.ExpectPublishAsync("t", payload);
        }

        async Task TakeAsync()
        {
            var client = await rig.ConnectAsync("a");
            await client.PublishAsync("t", "3", QualityOfService.AtLeastOnce);
        }
    }

    // [MQTT-3.1.2-23]; 3.1.1 [MQTT-3.1.2-6]: its state must not be used again.
    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task TakeOver_OfASessionThatEndsWithItsConnection_StartsAnew(int version)
    {
        await using var rig = new BrokerRig();
        var old = await rig.OpenAsync("a", version);
        await old.Client.SubscribeAsync("t");
        var taking = await rig.OpenAsync("a", version, BrokerRig.Lasting);
        taking.Answer!.SessionPresent.ShouldBeFalse();
        await old.Client.ExpectClosedAsync(ReasonCode.SessionTakenOver);
        rig.Broker.Tree.Count.ShouldBe(0);
    }

    [Fact]
    public async Task TakeOver_AgainAndAgainAtOnce_LeavesOneSession()
    {
        await using var rig = new BrokerRig(options => options with { MaxTakeOverDelay = TimeSpan.Zero });
        var connections = Enumerable.Range(0, 32).Select(_ => rig.Open()).ToList();
        await Task.WhenAll(connections.Select((connection, i) => Task.Run(
            () => connection.Client.SendAsync(ConnectWriter.Write(connection.Client.Connect("a") with
            {
                CleanStart = i % 2 == 0,
                Properties = new PropertySet { SessionExpiryInterval = 10 },
            })),
            TestContext.Current.CancellationToken)));
        foreach (var connection in connections)
        {
            (await connection.Client.ExpectAsync<ConnAckPacket>()).Reason.ShouldBe(ReasonCode.Success);
        }

        await Eventually.HoldsAsync(
            "all connections but one end", () => connections.Count(connection => connection.Served.IsCompletedSuccessfully) == 31);
        rig.Broker.Sessions.Count.ShouldBe(1);
        await Eventually.HoldsAsync("they are no longer counted", () => rig.Broker.Sessions.Open == 1);
    }

    // Late work of the old connection must change neither the new session nor what is stored of it.
    [Fact]
    public async Task TakenOver_LatePackets_AreHarmless()
    {
        await using var rig = new BrokerRig();
        var old = await rig.OpenAsync("a", change: BrokerRig.Lasting);
        var session = rig.Broker.Sessions.Find("a")!;
        var attachment = session.Attachment!;
        await rig.OpenAsync("a", change: connect => BrokerRig.Lasting(connect) with { CleanStart = true });
        await old.Served;

        session.Received.Add(7, 10, attachment).ShouldBe(ReceiveVerdict.TakenOver);
        await rig.Broker.PublishAsync(new MqttMessage { Topic = "t", Payload = new byte[1], Retain = true });
        var late = new Subscription(session, "t", QualityOfService.AtLeastOnce, false, false, []);
        session.Subscriptions.Add(late, RetainHandling.Send).ShouldBe(SubscriptionVerdict.Ended);
        session.Subscriptions.Remove("t").ShouldBeFalse();
        session.Deliveries.Acknowledge(new AckPacket(PacketType.PubRec, 1, ReasonCode.Success), attachment, new FlushSet());
        var used = rig.Broker.Budget.Used;
        session.Deliveries.SendRetained(new FlushSet());
        rig.Broker.Budget.Used.ShouldBe(used, "nothing would ever return it");
        session.Received.Remove(8, attachment).ShouldBeFalse();

        var kept = (await rig.Store.LoadAsync(long.MaxValue, default)).Sessions.ShouldHaveSingleItem();
        kept.Received.ShouldBeEmpty();
        kept.Messages.ShouldBeEmpty();
        kept.Subscriptions.ShouldBeEmpty();
    }

    // Each take-over costs handshakes and events: two clients with one identifier must not empty the event log.
    [Fact]
    public async Task TakeOver_WithoutAnEnd_WaitsLongerEachTimeAndIsReported()
    {
        await using var rig = new BrokerRig();
        await rig.ConnectAsync("a");
        for (var i = 0; i < 5; i++)
        {
            await rig.ConnectAsync("a");
        }

        for (var i = 1; i <= 24; i++)
        {
            var holder = rig.Broker.Sessions.Find("a")!.Attachment!.Connection.Id;
            var taking = await WaitingAsync(rig, "a", i);
            var delay = Delays(rig)[^1];
            rig.Clock.AdvanceBy(delay - TimeSpan.FromTicks(1));
            rig.Broker.Sessions.Find("a")!.Attachment!.Connection.Id.ShouldBe(holder, "the next must wait for all of its time");
            rig.Clock.AdvanceBy(TimeSpan.FromTicks(1));
            (await taking.Client.ExpectAsync<ConnAckPacket>()).Reason.ShouldBe(ReasonCode.Success);
            await Eventually.HoldsAsync("the other one is closed", () => rig.Broker.Sessions.Open == 1);
        }

        Delays(rig).ShouldBe(
            [.. new[] { 0.25, 0.5, 1, 2, 4, 5, 5, 5 }.Select(TimeSpan.FromSeconds)], "then only every twelfth take-over is reported");
        var last = rig.Events.Of<ClientIdContested>()[^1];
        (last.ClientId, last.Identity, last.TakeOvers).ShouldBe(("a", "alice", 24));
        rig.Broker.Statistics.DelayedTakeOvers.ShouldBe(24);
    }

    [Fact]
    public async Task TakeOver_AfterAMinute_WaitsForNothing()
    {
        await using var rig = new BrokerRig();
        for (var i = 0; i < 4; i++)
        {
            for (var j = 0; j < 4; j++)
            {
                await rig.ConnectAsync("a");
            }

            rig.Advance(60);
        }

        rig.Broker.Statistics.DelayedTakeOvers.ShouldBe(0);
        rig.Events.Of<ClientIdContested>().ShouldBeEmpty();
    }

    // A CONNECT that is refused takes nothing over, so after a minute's pause it must not make the next one wait.
    [Fact]
    public async Task TakeOver_AfterAMinuteAndARefusal_WaitsForNothing()
    {
        await using var rig = new BrokerRig();
        for (var i = 0; i < 6; i++)
        {
            await rig.ConnectAsync("a");
        }

        rig.Advance(60);
        var refused = rig.Open();
        var connect = refused.Client.Connect("a");
        await refused.Client.ExpectRefusalAsync(
            connect with { Properties = connect.Properties with { AuthenticationMethod = "x" } });
        await rig.ConnectAsync("a");
        rig.Broker.Statistics.DelayedTakeOvers.ShouldBe(0);
    }

    [Fact]
    public async Task TakeOver_MoreThanOneWaits_TheOtherIsRefusedAfterTheLongestWait()
    {
        await using var rig = new BrokerRig(options => options with { MaxTakeOverDelay = TimeSpan.FromMilliseconds(250) });
        for (var i = 0; i < 6; i++)
        {
            await rig.ConnectAsync("a");
        }

        var first = await WaitingAsync(rig, "a", 1);
        var second = await WaitingAsync(rig, "a", 2);
        rig.Clock.AdvanceBy(TimeSpan.FromMilliseconds(250));
        (await first.Client.ExpectAsync<ConnAckPacket>()).Reason.ShouldBe(ReasonCode.Success);
        (await second.Client.ExpectAsync<ConnAckPacket>()).Reason.ShouldBe(ReasonCode.ServerBusy);
        await second.Served;
    }

    // Before CONNACK no DISCONNECT may be sent.
    [Fact]
    public async Task TakeOver_ConnectionThatWaitsMustEnd_IsRefused()
    {
        await using var rig = new BrokerRig();
        for (var i = 0; i < 6; i++)
        {
            await rig.ConnectAsync("a");
        }

        var waiting = await WaitingAsync(rig, "a", 1);
        waiting.Transport.Close(CloseReason.Shutdown);
        (await waiting.Client.ExpectAsync<ConnAckPacket>()).Reason.ShouldBe(ReasonCode.ServerBusy);
        await waiting.Served;
        await Eventually.HoldsAsync("those that lost it are gone", () => rig.Broker.Sessions.Open == 1);
    }

    [Fact]
    public async Task TakeOver_DelayOfZero_WaitsForNothing()
    {
        await using var rig = new BrokerRig(options => options with { MaxTakeOverDelay = TimeSpan.Zero });
        for (var i = 0; i < 20; i++)
        {
            await rig.ConnectAsync("a");
        }

        rig.Broker.Statistics.DelayedTakeOvers.ShouldBe(0);
    }

    // Another identity may not take it over, so it must neither wait nor make the owner wait.
    [Fact]
    public async Task TakeOver_OfAnotherIdentity_IsRefusedAtOnce()
    {
        await using var rig = new BrokerRig();
        for (var i = 0; i < 6; i++)
        {
            await rig.ConnectAsync("a");
        }

        var stranger = rig.Open(identity: "mallory");
        (await stranger.Client.ExpectRefusalAsync(stranger.Client.Connect("a"))).Reason.ShouldBe(ReasonCode.NotAuthorized);
        rig.Broker.Statistics.DelayedTakeOvers.ShouldBe(0);
    }

    /// <summary>A connection whose CONNECT waits.</summary>
    private static async Task<RigConnection> WaitingAsync(BrokerRig rig, string clientId, int delayed)
    {
        var connection = rig.Open();
        await connection.Client.SendAsync(ConnectWriter.Write(connection.Client.Connect(clientId)));
        await Eventually.HoldsAsync("it waits", () => rig.Broker.Statistics.DelayedTakeOvers == delayed && rig.Clock.Time.ArmedTimers > 0);
        return connection;
    }

    private static IReadOnlyList<TimeSpan> Delays(BrokerRig rig) => [.. rig.Events.Of<ClientIdContested>().Select(e => e.Delay)];
}
