using Cassini.Streams.Broker.Delivery;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Mqtt.Properties;
using Cassini.Tests.Support;

namespace Cassini.Tests.Broker;

/// <summary>Wills (MQTT 5.0 §3.1.2.5, §3.1.3.2, §3.14).</summary>
public class WillTests
{
    // More than the queue holds, all due at once: they come as fast as the client reads.
    [Fact]
    public async Task Wills_ManyDueAtOnce_AllReachAClientThatReads()
    {
        const int Wills = 1_300;
        await using var rig = new BrokerRig(options => options with { MaxQueuedMessages = 1_100 });
        var watcher = (await rig.OpenAsync("w", window: 1_024)).Client;
        await watcher.SubscribeAsync("wills", QualityOfService.AtMostOnce);
        for (var i = 0; i < Wills; i++)
        {
            var connection = await rig.OpenAsync($"c{i}", change: connect => BrokerRig.WithWill(BrokerRig.Lasting(connect), delay: 10));
            await connection.LoseAsync();
        }

        rig.Advance(11);
        for (var i = 0; i < Wills; i++)
        {
            var next = watcher.ExpectPublishAsync("wills", "gone");
            if (i is 500 or 1_000)
            {
                await IdleAsync(rig);

                // The pass that published the last one may not have ended yet, and only then does its timer run again.
                await Eventually.HoldsAsync("the next pass publishes the rest", () =>
                {
                    rig.Advance(0.25);
                    return next.IsCompleted;
                });
            }

            await next;
        }

        rig.Broker.Counters.Dropped.ShouldBe(0);
    }

    // [MQTT-3.1.2-8]: on loss, on a close without DISCONNECT, on a violation, on keep alive.
    [Theory]
    [InlineData(4, "loss")]
    [InlineData(5, "loss")]
    [InlineData(4, "close")]
    [InlineData(5, "close")]
    [InlineData(4, "violation")]
    [InlineData(5, "violation")]
    [InlineData(4, "silence")]
    [InlineData(5, "silence")]
    [InlineData(4, "operator")]
    [InlineData(5, "operator")]
    public async Task Will_AtAnEndWithoutDisconnect_IsPublished(int version, string how)
    {
        await using var rig = new BrokerRig();
        var watcher = await Watcher(rig);
        var connection = await rig.OpenAsync("a", version, connect => BrokerRig.WithWill(connect with { KeepAlive = 10 }));
        switch (how)
        {
            case "loss":
                await connection.LoseAsync();
                break;
            case "close":
                await connection.CloseAsync();
                break;
            case "violation":
                await connection.Client.SendAsync(new byte[] { 0x00, 0x00 });
                break;
            case "silence":
                rig.Advance(15);
                break;
            default:
                connection.Transport.Close(CloseReason.Disconnected);
                break;
        }

        var will = await watcher.ExpectPublishAsync("wills", "gone");
        will.ShouldSatisfyAllConditions(w => w.QoS.ShouldBe(QualityOfService.AtLeastOnce), w => w.Retain.ShouldBeFalse());
        await watcher.ExpectNothingAsync();
    }

    // [MQTT-3.1.2-10], [MQTT-3.14.4-3]
    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Will_AfterADisconnect_IsDropped(int version)
    {
        await using var rig = new BrokerRig();
        var watcher = await Watcher(rig);
        var connection = await rig.OpenAsync("a", version, connect => BrokerRig.WithWill(BrokerRig.Lasting(connect)));
        await connection.DisconnectAsync();
        rig.Advance(4000);
        await watcher.ExpectNothingAsync();
    }

    // §3.14.2.1
    [Fact]
    public async Task Will_AfterADisconnectThatAsksForIt_IsPublished()
    {
        await using var rig = new BrokerRig();
        var watcher = await Watcher(rig);
        await (await rig.OpenAsync("a", change: connect => BrokerRig.WithWill(connect))).DisconnectAsync(ReasonCode.DisconnectWithWill);
        await watcher.ExpectPublishAsync("wills", "gone");
    }

    // [MQTT-3.1.3-9]
    [Fact]
    public async Task Will_WithDelay_WaitsForIt()
    {
        await using var rig = new BrokerRig();
        var watcher = await Watcher(rig);
        await (await rig.OpenAsync("a", change: connect => BrokerRig.WithWill(BrokerRig.Lasting(connect), delay: 30))).LoseAsync();
        rig.Advance(29.9);
        await watcher.ExpectNothingAsync();
        rig.Advance(0.1);
        await watcher.ExpectPublishAsync("wills", "gone");
        rig.Advance(3600);
        await watcher.ExpectNothingAsync();
    }

    // [MQTT-3.1.3-9]
    [Fact]
    public async Task Will_WhoseClientIsBackInTime_IsNotPublished()
    {
        await using var rig = new BrokerRig();
        var watcher = await Watcher(rig);
        await (await rig.OpenAsync("a", change: connect => BrokerRig.WithWill(BrokerRig.Lasting(connect), delay: 30))).LoseAsync();
        rig.Advance(29);
        await rig.ConnectAsync("a", change: BrokerRig.Lasting);
        rig.Advance(60);
        await watcher.ExpectNothingAsync();
    }

    // §3.1.3.2.2: whichever comes first, the delay or the end of the session.
    [Theory]
    [InlineData("expiry")]
    [InlineData("clean start")]
    [InlineData("expiry 0")]
    public async Task Will_WithDelay_IsPublishedAtTheEndOfTheSession(string how)
    {
        await using var rig = new BrokerRig();
        var watcher = await Watcher(rig);
        var connection = await rig.OpenAsync("a", change: connect => BrokerRig.WithWill(
            connect with { CleanStart = false, Properties = new PropertySet { SessionExpiryInterval = how == "expiry 0" ? 0u : 10u } },
            delay: 1000));
        await connection.LoseAsync();
        if (how == "expiry")
        {
            rig.Advance(9.9);
            await watcher.ExpectNothingAsync();
            rig.Advance(0.1);
        }
        else if (how == "clean start")
        {
            await watcher.ExpectNothingAsync();
            await rig.ConnectAsync("a");
        }

        await watcher.ExpectPublishAsync("wills", "gone");
        await watcher.ExpectNothingAsync();
    }

    // §3.1.4, note in §3.1.3.2.2: taken over, the old connection is closed.
    [Theory]
    [InlineData(false, null, true)]
    [InlineData(false, 30u, false)]
    [InlineData(true, null, true)]
    [InlineData(true, 30u, true)]
    public async Task Will_OfAConnectionThatIsTakenOver_IsPublishedUnlessItMayWait(bool clean, uint? delay, bool published)
    {
        await using var rig = new BrokerRig();
        var watcher = await Watcher(rig);
        var old = await rig.OpenAsync("a", change: connect => BrokerRig.WithWill(BrokerRig.Lasting(connect), delay: delay));
        await rig.ConnectAsync("a", change: connect => BrokerRig.Lasting(connect) with { CleanStart = clean });
        await old.Served;
        if (published)
        {
            await watcher.ExpectPublishAsync("wills", "gone");
        }

        rig.Advance(100);
        await watcher.ExpectNothingAsync();
    }

    // The connection leaves after it lost its session, and before the will is taken from it.
    [Theory]
    [InlineData(null, true)]
    [InlineData(30u, false)]
    public async Task Will_OfAConnectionThatLeavesAfterItLostItsSession_IsNotForgotten(uint? delay, bool due)
    {
        await using var rig = new BrokerRig();
        var connection = await rig.OpenAsync("a", change: BrokerRig.Lasting);
        var session = rig.Broker.Sessions.Find("a")!;
        var will = new WillMessage("wills", [], QualityOfService.AtMostOnce, false, new PropertySet { WillDelayInterval = delay });
        var old = session.Attachment!;
        await rig.ConnectAsync("a", change: BrokerRig.Lasting);
        var held = HeldWill.TryMake(will, "a", new TestMemory().Memory, NoStore.Instance);
        var leaving = new Attachment(old.Connection, old.Outbox, old.SendMaximum, held);
        (session.Detach(leaving, null, CloseReason.ConnectionLost).Will is not null).ShouldBe(due);
        leaving.TakeWill().ShouldBeNull("it is published once at most");
        await connection.Served;
    }

    // [MQTT-3.1.2-14], [MQTT-3.1.2-15]
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Will_ToBeRetained_IsRetained(bool retain)
    {
        await using var rig = new BrokerRig();
        await (await rig.OpenAsync("a", change: connect => BrokerRig.WithWill(connect, retain: retain))).LoseAsync();
        rig.Broker.Retained.Count.ShouldBe(retain ? 1 : 0);
    }

    // §3.1.3.2: its properties are those of the message; the delay is not passed on.
    [Fact]
    public async Task Will_Properties_TravelWithIt()
    {
        await using var rig = new BrokerRig();
        var watcher = await Watcher(rig);
        var properties = new PropertySet
        {
            PayloadFormatIndicator = 1,
            ContentType = "text/plain",
            ResponseTopic = "answers",
            CorrelationData = [1, 2],
            MessageExpiryInterval = 60,
            UserProperties = [new("b", "1"), new("a", "2"), new("b", "3")],
        };
        await (await rig.OpenAsync("a", change: connect => BrokerRig.WithWill(connect, properties: properties))).LoseAsync();
        var will = (await watcher.ExpectPublishAsync("wills", "gone")).Properties;
        will.ShouldSatisfyAllConditions(
            w => w.PayloadFormatIndicator.ShouldBe((byte)1),
            w => w.ContentType.ShouldBe("text/plain"),
            w => w.ResponseTopic.ShouldBe("answers"),
            w => w.CorrelationData!.Value.ShouldBe([1, 2]),
            w => w.MessageExpiryInterval.ShouldBe(60u),
            w => w.UserProperties.ShouldBe(properties.UserProperties),
            w => w.WillDelayInterval.ShouldBeNull());
    }

    [Theory]
    [InlineData(4, 5)]
    [InlineData(5, 0x87)]
    public async Task Will_ToATopicThatIsNotAllowed_RefusesTheConnection(int version, int expected)
    {
        await using var rig = new BrokerRig();
        var client = rig.Open(version).Client;
        (await client.ExpectRefusalAsync(BrokerRig.WithWill(client.Connect("a"), "$SYS/x"))).Reason.ShouldBe((ReasonCode)expected);
    }

    [Fact]
    public async Task Will_ToATopicThatIsTooLong_RefusesTheConnection()
    {
        await using var rig = new BrokerRig(options => options with { MaxTopicLength = 10 });
        var client = rig.Open().Client;
        (await client.ExpectRefusalAsync(BrokerRig.WithWill(client.Connect("a"), "more/than/ten"))).Reason
            .ShouldBe(ReasonCode.TopicNameInvalid);
    }

    // [MQTT-3.8.3-3]: no local holds for a will too.
    [Fact]
    public async Task Will_TowardsItsOwnSessionWithNoLocal_IsNotDelivered()
    {
        await using var rig = new BrokerRig();
        var connection = await rig.OpenAsync("a", change: connect => BrokerRig.WithWill(BrokerRig.Lasting(connect)));
        await connection.Client.SubscribeAsync(
            new SubscriptionRequest("wills", QualityOfService.AtLeastOnce, NoLocal: true, false, RetainHandling.Send));
        await connection.LoseAsync();
        var again = await rig.ConnectAsync("a", change: BrokerRig.Lasting);
        await again.ExpectNothingAsync();
    }

    /// <summary>What the client has read may count as waiting for it a moment longer.</summary>
    private static Task IdleAsync(BrokerRig rig) => Eventually.CompletesAsync(
        "nothing waits for the client", rig.Broker.Sessions.Find("w")!.Attachment!.Outbox.WhenIdleAsync());

    private static async Task<MqttTestClient> Watcher(BrokerRig rig)
    {
        var watcher = await rig.ConnectAsync("watcher");
        await watcher.SubscribeAsync("wills", QualityOfService.AtLeastOnce);
        return watcher;
    }
}
