using Cassini.Streams.Broker;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Sessions;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Mqtt.Properties;

namespace Cassini.Tests.Broker;

/// <summary>Sessions that begin, go on, expire and are taken over (MQTT 5.0 §4.1, §3.1.2.4, §3.1.2.11.2).</summary>
public class SessionTests
{
    // [MQTT-3.1.2-5], [MQTT-3.2.2-3]; 3.1.1 [MQTT-3.1.2-4], [MQTT-3.2.2-2]
    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Session_Lasting_IsThereAgainWithItsSubscriptions(int version)
    {
        await using var rig = new BrokerRig();
        var connection = await rig.OpenAsync("a", version, BrokerRig.Lasting);
        connection.Answer!.SessionPresent.ShouldBeFalse();
        await connection.Client.SubscribeAsync("t");
        await connection.DisconnectAsync();
        await (await rig.ConnectAsync("p")).PublishAsync("t", "while away", QualityOfService.AtLeastOnce);

        var again = await rig.OpenAsync("a", version, BrokerRig.Lasting);
        again.Answer!.SessionPresent.ShouldBeTrue();
        (await again.Client.ExpectPublishAsync("t", "while away")).Dup.ShouldBeFalse();
    }

    // [MQTT-3.1.2-4]; 3.1.1 [MQTT-3.1.2-6]
    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task CleanStart_OverALastingSession_DropsEverythingOfIt(int version)
    {
        await using var rig = new BrokerRig();
        var connection = await rig.OpenAsync("a", version, BrokerRig.Lasting);
        await connection.Client.SubscribeAsync("t");
        await connection.DisconnectAsync();
        var publisher = await rig.ConnectAsync("p");
        await publisher.PublishAsync("t", "1", QualityOfService.AtLeastOnce);

        var again = await rig.OpenAsync("a", version);
        again.Answer!.SessionPresent.ShouldBeFalse();
        await publisher.PublishAsync("t", "2", QualityOfService.AtLeastOnce);
        await again.Client.ExpectNothingAsync();
        rig.Broker.Tree.Count.ShouldBe(0);
        rig.Broker.Sessions.Count.ShouldBe(2);
    }

    // §3.1.2.11.2: 0 and absent mean that it ends with the connection. 3.1.1: clean session.
    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Session_WithoutExpiry_EndsWithItsConnection(int version)
    {
        await using var rig = new BrokerRig();
        var connection = await rig.OpenAsync("a", version);
        await connection.Client.SubscribeAsync("t");
        await connection.LoseAsync();
        rig.Broker.Sessions.Count.ShouldBe(0);
        rig.Broker.Tree.Count.ShouldBe(0);
        (await rig.OpenAsync("a", version, connect => connect with { CleanStart = version == 4 })).Answer!.SessionPresent.ShouldBeFalse();
    }

    // [MQTT-4.1.0-1], [MQTT-4.1.0-2]
    [Fact]
    public async Task Session_ConnectedForLongerThanItsExpiry_GoesOn()
    {
        await using var rig = new BrokerRig();
        var client = await rig.ConnectAsync("a", change: WithExpiry(10));
        rig.Advance(100);
        await client.ExpectNothingAsync();
        rig.Broker.Sessions.Count.ShouldBe(1);
    }

    // [MQTT-3.1.2-23]
    [Fact]
    public async Task Session_WithoutConnection_EndsWhenItsExpiryIsOverAndNotBefore()
    {
        await using var rig = new BrokerRig();
        await (await rig.OpenAsync("a", change: WithExpiry(10))).LoseAsync();
        rig.Advance(9.9);
        rig.Broker.Sessions.Count.ShouldBe(1);
        rig.Advance(0.1);
        rig.Broker.Sessions.Count.ShouldBe(0);
        rig.Events.Of<SessionEnded>().ShouldBe([new SessionEnded("a", SessionEndReason.Expired)]);
    }

    [Fact]
    public async Task Session_BackWithinItsExpiry_BeginsToWaitAnew()
    {
        await using var rig = new BrokerRig();
        await (await rig.OpenAsync("a", change: WithExpiry(10))).LoseAsync();
        rig.Advance(9);
        var again = await rig.OpenAsync("a", change: WithExpiry(10));
        again.Answer!.SessionPresent.ShouldBeTrue();
        rig.Advance(9);
        await again.LoseAsync();
        rig.Advance(9);
        (await rig.OpenAsync("a", change: WithExpiry(10))).Answer!.SessionPresent.ShouldBeTrue();
    }

    // §3.14.2.2.2
    [Fact]
    public async Task Disconnect_WithAnotherExpiry_ChangesIt()
    {
        await using var rig = new BrokerRig();
        await (await rig.OpenAsync("a", change: WithExpiry(10))).DisconnectAsync(properties: new PropertySet { SessionExpiryInterval = 100 });
        rig.Advance(99);
        rig.Broker.Sessions.Count.ShouldBe(1);
        rig.Advance(1);
        rig.Broker.Sessions.Count.ShouldBe(0);
    }

    [Fact]
    public async Task Disconnect_WithExpiryZero_EndsTheSessionAtOnce()
    {
        await using var rig = new BrokerRig();
        await (await rig.OpenAsync("a", change: WithExpiry(10))).DisconnectAsync(properties: new PropertySet { SessionExpiryInterval = 0 });
        rig.Broker.Sessions.Count.ShouldBe(0);
        (await rig.Store.LoadAsync(default)).Sessions.ShouldBeEmpty();
    }

    // [MQTT-3.14.2-2] as the standard numbers §3.14.2.2.2
    [Fact]
    public async Task Disconnect_WithAnExpiryWhereThereWasNone_IsAProtocolError()
    {
        await using var rig = new BrokerRig();
        var client = await rig.ConnectAsync("a");
        await client.DisconnectAsync(properties: new PropertySet { SessionExpiryInterval = 1 });
        await client.ExpectClosedAsync(ReasonCode.ProtocolError);
        rig.Broker.Sessions.Count.ShouldBe(0);
    }

    // 0xFFFFFFFF does not end, where the options allow it so long.
    [Fact]
    public async Task Session_ForEver_IsCappedByTheOptions()
    {
        await using var rig = new BrokerRig(options => options with { MaxSessionExpiry = TimeSpan.FromDays(7) });
        await (await rig.OpenAsync("a", change: WithExpiry(uint.MaxValue))).LoseAsync();
        await (await rig.OpenAsync("b", 4, BrokerRig.Lasting)).LoseAsync();
        rig.Advance(TimeSpan.FromDays(7) - TimeSpan.FromSeconds(1));
        rig.Broker.Sessions.Count.ShouldBe(2);
        rig.Advance(1);
        rig.Broker.Sessions.Count.ShouldBe(0);
    }

    [Fact]
    public async Task Disconnect_WithAnExpiryOverTheCap_IsCapped()
    {
        await using var rig = new BrokerRig(options => options with { MaxSessionExpiry = TimeSpan.FromSeconds(20) });
        await (await rig.OpenAsync("a", change: WithExpiry(10))).DisconnectAsync(properties: new PropertySet { SessionExpiryInterval = uint.MaxValue });
        rig.Advance(20);
        rig.Broker.Sessions.Count.ShouldBe(0);
    }

    // [MQTT-3.1.4-3]; 3.1.1 [MQTT-3.1.4-2]
    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task TakeOver_TellsTheOldConnectionAndServesTheNewOne(int version)
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
        (await rig.Store.LoadAsync(default)).Sessions.ShouldBeEmpty();
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

    // What the old connection still does must not touch the new session, nor what is stored of it.
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
        session.Subscriptions.Add(new Subscription(session, "t", QualityOfService.AtLeastOnce, false, false, [])).ShouldBeNull();
        session.Subscriptions.Remove("t").ShouldBeFalse();
        session.Deliveries.Acknowledge(new AckPacket(PacketType.PubRec, 1, ReasonCode.Success), attachment, new FlushSet());
        var used = rig.Broker.Budget.Used;
        var retained = new StoredMessage(rig.Broker.Topics.Get("t"u8), [1], [], QualityOfService.AtLeastOnce, null);
        session.DeliverRetained(retained, new Subscription(session, "t", QualityOfService.AtLeastOnce, false, false, []), new FlushSet());
        rig.Broker.Budget.Used.ShouldBe(used, "nobody would ever give it back");
        session.Received.Remove(8, attachment).ShouldBeFalse();

        var kept = (await rig.Store.LoadAsync(default)).Sessions.ShouldHaveSingleItem();
        kept.Received.ShouldBeEmpty();
        kept.Messages.ShouldBeEmpty();
        kept.Subscriptions.ShouldBeEmpty();
    }

    [Fact]
    public async Task TakeOver_AgainAndAgainAtOnce_LeavesOneSession()
    {
        await using var rig = new BrokerRig();
        var connections = Enumerable.Range(0, 32).Select(_ => rig.Open()).ToList();
        await Task.WhenAll(connections.Select(connection => Task.Run(
            () => connection.Client.SendAsync(ConnectWriter.Write(connection.Client.Connect("a") with { CleanStart = connections.IndexOf(connection) % 2 == 0, Properties = new PropertySet { SessionExpiryInterval = 10 } })),
            TestContext.Current.CancellationToken)));
        foreach (var connection in connections)
        {
            (await connection.Client.ExpectAsync<ConnAckPacket>()).Reason.ShouldBe(ReasonCode.Success);
        }

        await Support.Eventually.HoldsAsync("all but one are told to go", () => connections.Count(connection => connection.Served.IsCompletedSuccessfully) == 31);
        rig.Broker.Sessions.Count.ShouldBe(1);
        await Support.Eventually.HoldsAsync("they are counted off", () => rig.Broker.Sessions.Open == 1);
    }

    // [MQTT-3.1.2-22]; 3.1.1 [MQTT-3.1.2-24]
    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task KeepAlive_OneAndAHalfTimesSilent_Closes(int version)
    {
        await using var rig = new BrokerRig();
        var connection = await rig.OpenAsync("a", version, connect => connect with { KeepAlive = 10 });
        rig.Advance(14.9);
        connection.Closing.ShouldBeNull();
        await connection.Client.PingAsync();
        rig.Advance(14.9);
        connection.Closing.ShouldBeNull();
        rig.Advance(0.2);
        await connection.Client.ExpectClosedAsync(ReasonCode.KeepAliveTimeout);
        connection.Closing.ShouldBe(CloseReason.KeepAliveTimeout);
    }

    // §3.1.2.10
    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task KeepAlive_Zero_IsNoKeepAlive(int version)
    {
        await using var rig = new BrokerRig();
        var client = await rig.ConnectAsync("a", version);
        rig.Advance(TimeSpan.FromDays(2));
        await client.ExpectNothingAsync();
    }

    // Half a packet is no packet.
    [Fact]
    public async Task KeepAlive_FedWithHalfPackets_ClosesAllTheSame()
    {
        await using var rig = new BrokerRig();
        var connection = await rig.OpenAsync("a", change: connect => connect with { KeepAlive = 10 });
        await connection.Client.SendAsync(new byte[] { 0x30, 0x7F });
        rig.Advance(10);
        await connection.Client.SendAsync(new byte[] { 0x00 });
        rig.Advance(5.1);
        await connection.Client.ExpectClosedAsync(ReasonCode.KeepAliveTimeout);
    }

    // [MQTT-3.1.2-21]: the server's keep alive holds.
    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task KeepAlive_OfTheServer_HoldsInsteadOfTheClients(int version)
    {
        await using var rig = new BrokerRig(options => options with { MaxKeepAlive = TimeSpan.FromSeconds(10) });
        var connection = await rig.OpenAsync("a", version, connect => connect with { KeepAlive = 1000 });
        rig.Advance(15);
        await connection.Client.ExpectClosedAsync(ReasonCode.KeepAliveTimeout);
    }

    private static Func<ConnectPacket, ConnectPacket> WithExpiry(uint seconds) => connect => connect with
    {
        CleanStart = false,
        Properties = connect.Properties with { SessionExpiryInterval = seconds },
    };
}
