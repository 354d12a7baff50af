using Cassini.Streams.Broker.Model;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Mqtt.Properties;
using Cassini.Tests.Support;

namespace Cassini.Tests.Broker;

/// <summary>What the broker says of its sessions to people and to code in its process.</summary>
public class SessionInfoTests
{
    [Theory]
    [InlineData(4, "MQTT 3.1.1", 3_600)]
    [InlineData(5, "MQTT 5.0", 60)]
    public async Task Session_OfAConnectedClient_SaysWhatItSpeaksAndHowLongItIsKept(int version, string protocol, int expiry)
    {
        await using var rig = new BrokerRig(options => options with { MaxSessionExpiry = TimeSpan.FromHours(1) });
        await using var connection = await rig.OpenAsync(
            "a", version, connect => Lasting(connect, 60) with { KeepAlive = 90 });
        await connection.Client.SubscribeAsync("t/1");
        await connection.Client.SubscribeAsync("t/2");
        await Eventually.HoldsAsync("the write of its answers has ended", () => rig.Broker.FindSession("a")!.Queued == 0);
        rig.Advance(5);

        var session = rig.Broker.GetSessions().ShouldHaveSingleItem();

        session.ShouldBe(new SessionInfo(
            "a", "alice", connection.Transport.Id, protocol, TimeSpan.FromSeconds(90), rig.Clock.Time.GetUtcNow() - TimeSpan.FromSeconds(5),
            TimeSpan.FromSeconds(expiry), null, 2, 0, 0, 0, 0));
        session.IsConnected.ShouldBeTrue();
        rig.Broker.FindSession("a").ShouldBe(session);
        rig.Broker.FindSession("b").ShouldBeNull();
    }

    [Fact]
    public async Task Session_OfAClientThatIsAway_SaysWhatWaitsAndWhenItEnds()
    {
        await using var rig = new BrokerRig();
        await using var connection = await rig.OpenAsync("a", change: connect => Lasting(connect, 60));
        await connection.Client.SubscribeAsync("t");
        await connection.LoseAsync();
        var left = rig.Clock.Time.GetUtcNow();
        rig.Advance(20);
        var publisher = await rig.ConnectAsync("p");
        await publisher.PublishAsync("t", "1", QualityOfService.AtLeastOnce);
        await publisher.PublishAsync("t", "2", QualityOfService.AtLeastOnce);

        var session = rig.Broker.FindSession("a").ShouldNotBeNull();

        session.IsConnected.ShouldBeFalse();
        (session.ConnectionId, session.Protocol, session.KeepAlive).ShouldBe((null, null, null));
        session.Since.ShouldBe(left);
        session.ExpiresAt.ShouldBe(left + TimeSpan.FromSeconds(60));
        (session.Queued, session.InFlight, session.Dropped).ShouldBe((2, 0, 0));
        session.QueuedBytes.ShouldBeGreaterThan(2);
    }

    [Fact]
    public async Task Session_KeptForEver_HasNoEnd()
    {
        await using var rig = new BrokerRig(options => options with { MaxSessionExpiry = TimeSpan.FromSeconds(uint.MaxValue) });
        await using var connection = await rig.OpenAsync("a", change: connect => Lasting(connect, uint.MaxValue));
        await connection.LoseAsync();

        var session = rig.Broker.FindSession("a").ShouldNotBeNull();

        (session.Expiry, session.ExpiresAt).ShouldBe((null, null));
    }

    [Fact]
    public async Task Session_WithUnacknowledgedMessages_CountsThemApartFromThoseThatWait()
    {
        await using var rig = new BrokerRig(options => options with { MaxInFlight = 2 });
        var client = await rig.ConnectAsync("a");
        await client.SubscribeAsync("t");
        var publisher = await rig.ConnectAsync("p");
        for (var i = 0; i < 5; i++)
        {
            await publisher.PublishAsync("t", "x", QualityOfService.AtLeastOnce);
        }

        await client.ExpectPublishAsync("t", "x");
        await client.ExpectPublishAsync("t", "x");

        var session = rig.Broker.FindSession("a").ShouldNotBeNull();
        (session.Queued, session.InFlight).ShouldBe((3, 2));
    }

    [Fact]
    public async Task Session_WhoseClientDoesNotAcknowledge_IsSlowUntilItDoes()
    {
        await using var rig = new BrokerRig(options => options with { MaxInFlight = 2 });
        var client = await rig.ConnectAsync("a");
        await client.SubscribeAsync("t");
        var publisher = await rig.ConnectAsync("p");
        for (var i = 1; i <= 4; i++)
        {
            rig.Broker.FindSession("a")!.Slow.ShouldBeNull($"{i - 1} messages");
            await publisher.PublishAsync("t", "x", QualityOfService.AtLeastOnce);
        }

        rig.Broker.FindSession("a")!.Slow.ShouldBe(SlowReason.NotAcknowledging);
        rig.Broker.FindSession("p")!.Slow.ShouldBeNull();

        await client.ExpectPublishAsync("t", "x");
        await client.AckAsync(PacketType.PubAck, 1);
        await Eventually.HoldsAsync("it acknowledges", () => rig.Broker.FindSession("a")!.Slow is null);
    }

    [Fact]
    public async Task Session_WhoseClientDoesNotRead_IsSlowAfterAWhile()
    {
        await using var rig = new BrokerRig();
        await using var connection = await rig.OpenAsync("a", window: 1_024);
        await connection.Client.SubscribeAsync("t", QualityOfService.AtMostOnce);
        var publisher = await rig.ConnectAsync("p");
        await publisher.SendAsync(publisher.Publish("t", new string('x', 4_096)));
        await Eventually.HoldsAsync("a write to it waits", () => rig.Broker.FindSession("a")!.Stalled is not null);
        rig.Advance(4);
        rig.Broker.FindSession("a")!.Slow.ShouldBeNull("a slow connection takes as long for one write");

        rig.Advance(1);

        var session = rig.Broker.FindSession("a")!;
        (session.Slow, session.Stalled).ShouldBe((SlowReason.NotReading, TimeSpan.FromSeconds(5)));
        await connection.Client.ExpectPublishAsync("t", new string('x', 4_096));
        await Eventually.HoldsAsync("it has read", () => rig.Broker.FindSession("a") is { Slow: null, Stalled: null });
    }

    [Fact]
    public async Task Session_WhoseClientIsFarBehind_IsSlow()
    {
        await using var rig = new BrokerRig(options => options with { MaxQueuedBytes = 8_192 });
        await using var connection = await rig.OpenAsync("a", window: 1_024);
        await connection.Client.SubscribeAsync("t", QualityOfService.AtMostOnce);
        var publisher = await rig.ConnectAsync("p");
        await publisher.SendAsync(publisher.Publish("t", new string('x', 4_096)), publisher.Publish("t", new string('y', 2_048)));

        await Eventually.HoldsAsync("it is behind", () => rig.Broker.FindSession("a")!.Slow == SlowReason.Behind);
    }

    // The report of what was dropped takes none of it away.
    [Fact]
    public async Task Session_ThatLostMessages_SaysHowManySinceTheStart()
    {
        await using var rig = new BrokerRig(options => options with { MaxQueuedMessages = 2 });
        await using var connection = await rig.OpenAsync("a", change: connect => Lasting(connect, 600));
        await connection.Client.SubscribeAsync("t");
        await connection.LoseAsync();
        var publisher = await rig.ConnectAsync("p");
        for (var i = 0; i < 5; i++)
        {
            await publisher.PublishAsync("t", "x", QualityOfService.AtLeastOnce);
        }

        rig.Advance(1);
        rig.Broker.FindSession("a")!.Dropped.ShouldBe(3);
        await publisher.PublishAsync("t", "x", QualityOfService.AtLeastOnce);
        rig.Advance(1);
        rig.Broker.FindSession("a")!.Dropped.ShouldBe(4);

        rig.Advance(59);
        rig.Broker.FindSession("a")!.Slow.ShouldBe(SlowReason.Dropping, "the last loss is less than a minute old");
        rig.Advance(1);
        rig.Broker.FindSession("a")!.Slow.ShouldBeNull();
    }

    [Fact]
    public async Task Subscriptions_OfAClient_AreListedWithTheirOptions()
    {
        await using var rig = new BrokerRig();
        var client = await rig.ConnectAsync("a");
        await client.SubscribeAsync(new SubscriptionRequest("t/#", QualityOfService.AtLeastOnce, true, true, RetainHandling.Send));
        await client.SubscribeAsync("$share/g/t", QualityOfService.AtMostOnce);

        rig.Broker.GetClientSubscriptions("a").ShouldBe(
            [
                new SubscriptionInfo("a", "alice", "t/#", QualityOfService.AtLeastOnce, true) { NoLocal = true, RetainAsPublished = true },
                new SubscriptionInfo("a", "alice", "$share/g/t", QualityOfService.AtMostOnce, true),
            ],
            ignoreOrder: true);
        rig.Broker.GetClientSubscriptions("b").ShouldBeEmpty();
    }

    private static ConnectPacket Lasting(ConnectPacket connect, uint? expiry) => connect with
    {
        CleanStart = false,
        Properties = connect.Version == ProtocolVersion.V500 ? new PropertySet { SessionExpiryInterval = expiry } : PropertySet.Empty,
    };
}
