using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Tests.Support;

namespace Cassini.Tests.Broker;

/// <summary>Clients that are silent for too long (MQTT 5.0 §3.1.2.10).</summary>
public class KeepAliveTests
{
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
    public async Task KeepAlive_Zero_NeverCloses(int version)
    {
        await using var rig = new BrokerRig();
        var client = await rig.ConnectAsync("a", version);
        rig.Advance(TimeSpan.FromDays(2));
        await client.ExpectNothingAsync();
    }

    // Half a packet is no packet.
    [Fact]
    public async Task KeepAlive_OnlyHalfPackets_StillCloses()
    {
        await using var rig = new BrokerRig();
        var connection = await rig.OpenAsync("a", change: connect => connect with { KeepAlive = 10 });
        await connection.Client.SendAsync(new byte[] { 0x30, 0x7F });
        rig.Advance(10);
        await connection.Client.SendAsync(new byte[] { 0x00 });
        rig.Advance(5.1);
        await connection.Client.ExpectClosedAsync(ReasonCode.KeepAliveTimeout);
    }

    // [MQTT-3.1.2-21]: the server's keep alive applies.
    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task KeepAlive_OfTheServer_ReplacesTheClients(int version)
    {
        await using var rig = new BrokerRig(options => options with { MaxKeepAlive = TimeSpan.FromSeconds(10) });
        var connection = await rig.OpenAsync("a", version, connect => connect with { KeepAlive = 1000 });
        rig.Advance(15);
        await connection.Client.ExpectClosedAsync(ReasonCode.KeepAliveTimeout);
    }

    // What is in the kernel's buffer was sent in time, whenever the broker comes to read it.
    [Fact]
    public async Task KeepAlive_BytesThatAreNotReadYet_AreReadFirst()
    {
        await using var rig = new BrokerRig();
        var connection = await rig.OpenAsync("a", change: connect => connect with { KeepAlive = 10 });
        connection.HasUnread = true;
        rig.Advance(60);
        connection.Closing.ShouldBeNull();

        connection.HasUnread = false;
        rig.Advance(0.25);
        connection.Closing.ShouldBe(CloseReason.KeepAliveTimeout);
    }

    [Fact]
    public async Task KeepAlive_AfterAPauseOfTheBroker_CountsOnlyTheClientsOwnSilence()
    {
        await using var rig = new BrokerRig();
        var connection = await rig.OpenAsync("a", change: connect => BrokerRig.WithWill(connect) with { KeepAlive = 10 });
        rig.Advance(14.5);
        rig.Pause(TimeSpan.FromSeconds(60));
        rig.Advance(0.4);
        connection.Closing.ShouldBeNull("it was silent for 14.9 s while the broker could hear it");

        rig.Advance(0.2);
        connection.Closing.ShouldBe(CloseReason.KeepAliveTimeout);
    }

    [Fact]
    public async Task KeepAlive_PacketAfterAPause_CountsFromThen()
    {
        await using var rig = new BrokerRig();
        var connection = await rig.OpenAsync("a", change: connect => connect with { KeepAlive = 10 });
        rig.Clock.Scheduler.Sleep(TimeSpan.FromSeconds(60).Ticks);
        await connection.Client.PingAsync();
        await rig.Broker.Housekeeper.WorkAsync(TimeSpan.FromSeconds(60));
        rig.Advance(14.9);
        connection.Closing.ShouldBeNull();
        rig.Advance(0.2);
        connection.Closing.ShouldBe(CloseReason.KeepAliveTimeout);
    }

    // A will and the end of a session go by real time, but not before what was sent meanwhile is read.
    [Fact]
    public async Task Pause_OverTheEndOfASession_EndsItWithTheNextPass()
    {
        await using var rig = new BrokerRig();
        await (await rig.OpenAsync("a", change: BrokerRig.Lasting)).LoseAsync();
        rig.Pause(TimeSpan.FromHours(2));
        rig.Broker.Sessions.Count.ShouldBe(1);
        rig.Advance(0.25);
        rig.Broker.Sessions.Count.ShouldBe(0);
    }

    [Fact]
    public async Task ConnectTimeout_PauseOfTheBroker_LeavesTimeToReadTheConnect()
    {
        await using var rig = new BrokerRig();
        var connection = rig.Open();
        await Eventually.HoldsAsync("its time runs", () => rig.Clock.Time.ArmedTimers == 1);
        rig.Clock.Scheduler.Sleep(TimeSpan.FromMinutes(1).Ticks);
        rig.Clock.AdvanceBy(TimeSpan.FromMilliseconds(1));
        connection.Closing.ShouldBeNull();
        await connection.Client.ConnectAsync(connection.Client.Connect("a"));
    }
}
