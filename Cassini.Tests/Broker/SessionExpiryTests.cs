using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Mqtt.Properties;

namespace Cassini.Tests.Broker;

/// <summary>Sessions that expire (MQTT 5.0 §3.1.2.11.2, §3.14.2.2.2).</summary>
public class SessionExpiryTests
{
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
    public async Task Session_ResumedWithinItsExpiry_BeginsItsExpiryAnew()
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

    // 0xFFFFFFFF never expires, but the options set a maximum.
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

    // §3.14.2.2.2
    [Fact]
    public async Task Disconnect_WithAnotherExpiry_ChangesIt()
    {
        await using var rig = new BrokerRig();
        await (await rig.OpenAsync("a", change: WithExpiry(10))).DisconnectAsync(
            properties: new PropertySet { SessionExpiryInterval = 100 });
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
        (await rig.Store.LoadAsync(long.MaxValue, default)).Sessions.ShouldBeEmpty();
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

    [Fact]
    public async Task Disconnect_WithAnExpiryOverTheCap_IsCapped()
    {
        await using var rig = new BrokerRig(options => options with { MaxSessionExpiry = TimeSpan.FromSeconds(20) });
        await (await rig.OpenAsync("a", change: WithExpiry(10))).DisconnectAsync(
            properties: new PropertySet { SessionExpiryInterval = uint.MaxValue });
        rig.Advance(20);
        rig.Broker.Sessions.Count.ShouldBe(0);
    }

    private static Func<ConnectPacket, ConnectPacket> WithExpiry(uint seconds) => connect => connect with
    {
        CleanStart = false,
        Properties = connect.Properties with { SessionExpiryInterval = seconds },
    };
}
