using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;

namespace Cassini.Tests.Broker;

/// <summary>Clients that begin a packet and do not finish it.</summary>
public class UnfinishedPacketTests
{
    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Packet_RestNeverComes_ClosesWhateverTheKeepAlive(int version)
    {
        await using var rig = new BrokerRig();
        var connection = await rig.OpenAsync("a", version, connect => connect with { KeepAlive = 0 });
        await BeginAsync(connection, 100);

        rig.Advance(29.5);
        connection.Closing.ShouldBeNull();

        rig.Advance(0.75);
        await connection.Client.ExpectClosedAsync(ReasonCode.ImplementationSpecificError);
        connection.Closing.ShouldBe(CloseReason.PacketTimeout);
    }

    [Fact]
    public async Task Packet_AByteNowAndThen_ClosesAllTheSame()
    {
        await using var rig = new BrokerRig();
        var connection = await rig.OpenAsync("a");
        await BeginAsync(connection, 100);
        for (var i = 0; i < 5; i++)
        {
            rig.Advance(5);
            await connection.Client.SendAsync(new byte[] { 0 });
            await connection.ReadAsync();
        }

        connection.Closing.ShouldBeNull();
        rig.Advance(5.25);
        connection.Closing.ShouldBe(CloseReason.PacketTimeout);
    }

    // 1 MiB at 16 KiB/s.
    [Fact]
    public async Task Packet_Large_MayTakeLonger()
    {
        await using var rig = new BrokerRig(options => options with { MaxPacketSize = 2 * 1024 * 1024 });
        var connection = await rig.OpenAsync("a");
        await BeginAsync(connection, 1024 * 1024);

        rig.Advance(63.5);
        connection.Closing.ShouldBeNull();

        rig.Advance(0.75);
        connection.Closing.ShouldBe(CloseReason.PacketTimeout);
    }

    [Fact]
    public async Task Packet_BeginsAfterAWholeOne_HasItsOwnTime()
    {
        await using var rig = new BrokerRig();
        var connection = await rig.OpenAsync("a");
        await BeginAsync(connection, 4);
        rig.Advance(29);

        // The rest of the first one, its topic and no properties, and the beginning of the next.
        await connection.Client.SendAsync(new byte[] { 0, 1, (byte)'t', 0, 0x30, 0x7F });
        await connection.ReadAsync();
        rig.Advance(29);
        connection.Closing.ShouldBeNull();

        rig.Advance(1.25);
        connection.Closing.ShouldBe(CloseReason.PacketTimeout);
    }

    [Fact]
    public async Task Packet_IsFinished_ClientMayBeSilent()
    {
        await using var rig = new BrokerRig();
        var connection = await rig.OpenAsync("a");
        await BeginAsync(connection, 4);
        await connection.Client.SendAsync(new byte[] { 0, 1, (byte)'t', 0 });
        await connection.ReadAsync();

        rig.Advance(3_600);

        connection.Closing.ShouldBeNull();
    }

    [Fact]
    public async Task Packet_ProcessWasPaused_TheTimeDoesNotCount()
    {
        await using var rig = new BrokerRig();
        var connection = await rig.OpenAsync("a");
        await BeginAsync(connection, 100);
        rig.Advance(20);

        rig.Pause(TimeSpan.FromSeconds(60));
        connection.Closing.ShouldBeNull();

        rig.Advance(10.5);
        connection.Closing.ShouldBe(CloseReason.PacketTimeout);
    }

    private static async Task BeginAsync(RigConnection connection, int length)
    {
        byte[] header = [0x30, .. LengthOf(length)];
        await connection.Client.SendAsync(header);
        await connection.ReadAsync();
    }

    private static IEnumerable<byte> LengthOf(int length)
    {
        for (; length > 127; length /= 128)
        {
            yield return (byte)(128 + (length % 128));
        }

        yield return (byte)length;
    }
}
