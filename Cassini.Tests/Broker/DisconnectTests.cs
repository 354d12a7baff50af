using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Mqtt.Properties;
using Cassini.Tests.Support;

namespace Cassini.Tests.Broker;

/// <summary>Connections that the broker closes for an error or for another reason (MQTT 5.0 §3.14, §3.15, §4.12, §4.13).</summary>
public class DisconnectTests
{
    // [MQTT-4.12.0-1]
    [Fact]
    public async Task AuthenticationMethod_Any_IsRefused()
    {
        await using var rig = new BrokerRig();
        var client = rig.Open().Client;
        var connect = client.Connect("a") with
        {
            Properties = new PropertySet { AuthenticationMethod = "SCRAM-SHA-256", AuthenticationData = [1, 2] },
        };
        (await client.ExpectRefusalAsync(connect)).Reason.ShouldBe(ReasonCode.BadAuthenticationMethod);
    }

    // It would have four seconds otherwise, which a stop must not wait for.
    [Fact]
    public async Task Violation_OfAClientThatReadsNothingWhenTheBrokerStops_EndsAfterOneSecond()
    {
        await using var rig = new BrokerRig();
        var connection = await rig.OpenAsync("a", window: 1_024);
        await connection.Client.SubscribeAsync("t", QualityOfService.AtMostOnce);
        await (await rig.ConnectAsync("p")).PublishAsync("t", new string('x', 8_000));
        await connection.Client.SendAsync(new byte[] { 0x00, 0x00 });

        // From then on nothing reads but what drops until the DISCONNECT is read, and this is more than fits on the way to the broker.
        await rig.Events.WaitForAsync<SessionClosed>("the client leaves its session");
        await connection.Client.SendAsync(new byte[4_096]);
        connection.Stop();

        rig.Advance(0.9);
        connection.Served.IsCompleted.ShouldBeFalse();
        rig.Advance(0.1);
        await Eventually.CompletesAsync("the end", connection.Served);
    }

    // [MQTT-4.12.1-1]; the packet does not exist in 3.1.1.
    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Auth_FromAClientWithoutAMethod_IsAnError(int version)
    {
        await using var rig = new BrokerRig();
        var connection = await rig.OpenAsync("a", version);
        await connection.Client.SendAsync(new byte[] { 0xF0, 0x00 });
        if (version == 5)
        {
            (await connection.Client.ExpectAsync<ReasonPacket>()).Reason
                .ShouldBeOneOf(ReasonCode.ProtocolError, ReasonCode.MalformedPacket);
        }

        await connection.Client.ExpectEndAsync();
        connection.Closing.ShouldBe(CloseReason.ProtocolError);
    }

    // Packets that only servers send.
    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task ServersPacket_FromAClient_IsAnError(int version)
    {
        await using var rig = new BrokerRig();
        foreach (var packet in new byte[][] { [0xD0, 0x00], [0x20, 0x02, 0x00, 0x00], [0x90, 0x03, 0x00, 0x01, 0x00] })
        {
            var connection = await rig.OpenAsync("a", version);
            await connection.Client.SendAsync(packet);
            await connection.Client.ExpectClosedAsync(ReasonCode.ProtocolError);
            connection.Closing.ShouldBe(CloseReason.ProtocolError);
        }
    }

    [Theory]
    [InlineData(CloseReason.Shutdown, ReasonCodes.ServerShuttingDown)]
    [InlineData(CloseReason.Disconnected, ReasonCodes.AdministrativeAction)]
    [InlineData(CloseReason.Quarantined, ReasonCodes.AdministrativeAction)]
    [InlineData(CloseReason.CertificateRevoked, ReasonCodes.NotAuthorized)]
    public async Task Connection_ClosedByTheBroker_GetsTheReason(CloseReason reason, int expected)
    {
        await using var rig = new BrokerRig();
        foreach (var version in new[] { 4, 5 })
        {
            var connection = await rig.OpenAsync($"c{version}", version);
            connection.Transport.Close(reason);
            await connection.Client.ExpectClosedAsync((ReasonCode)expected);
            await connection.Served;
        }
    }

    // A client that gets no reason takes it for the normal end, and may not come back.
    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Connection_ThatCrashes_GetsTheReason(int version)
    {
        await using var rig = new BrokerRig();
        var connection = await rig.OpenAsync("a", version, change: BrokerRig.Lasting);
        var bug = new InvalidOperationException("a bug");
        rig.Store.PuttingSubscription = () => throw bug;

        await connection.Client.SendAsync(
            new SubscribePacket(9, [new("t", QualityOfService.AtMostOnce, false, false, RetainHandling.Send)], PropertySet.Empty)
                .Write(connection.Client.Version));

        await connection.Client.ExpectClosedAsync(ReasonCode.UnspecifiedError);
        await connection.ExpectCrashAsync(bug);
    }

    // [MQTT-3.14.0-1]
    [Fact]
    public async Task Connection_ThatCrashesBeforeConnAck_GetsNoDisconnect()
    {
        await using var rig = new BrokerRig();
        var bug = new InvalidOperationException("a bug");
        rig.Store.PuttingSession = () => throw bug;
        var connection = rig.Open();

        await connection.Client.SendAsync(ConnectWriter.Write(BrokerRig.Lasting(connection.Client.Connect("a"))));

        await connection.Client.ExpectEndAsync();
        await connection.ExpectCrashAsync(bug);
    }

    // It reads nothing before it has written all, so the broker must take what it writes, or neither comes to an end.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Reason_ClientReadsOnlyAfterItHasWrittenAll_ReachesIt(bool isViolation)
    {
        await using var rig = new BrokerRig();
        var connection = await rig.OpenAsync("a", window: 16 * 1024);
        await connection.Client.SendAsync(Pings(20_000));
        if (isViolation)
        {
            await connection.Client.SendAsync(new byte[] { 0xD0, 0x00 });
        }
        else
        {
            connection.Transport.Close(CloseReason.Disconnected);
        }

        await connection.Client.SendAsync(Pings(1_000_000));
        object? last;
        do
        {
            last = await connection.Client.ReadAsync("an answer comes");
        }
        while (last is PacketType.PingResp);

        last.ShouldBeOfType<ReasonPacket>().Reason
            .ShouldBe(isViolation ? ReasonCode.ProtocolError : ReasonCode.AdministrativeAction);
        await connection.Client.ExpectEndAsync();

        static byte[] Pings(int count) => [.. Enumerable.Repeat(new byte[] { 0xC0, 0 }, count).SelectMany(ping => ping)];
    }

    private static class ReasonCodes
    {
        public const int ServerShuttingDown = 0x8B;
        public const int AdministrativeAction = 0x98;
        public const int NotAuthorized = 0x87;
    }
}
