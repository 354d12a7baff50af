using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;

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
}
