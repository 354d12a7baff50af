using System.Collections.Immutable;
using System.Text;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Mqtt.Properties;
using Cassini.Tests.Support;

namespace Cassini.Tests.Broker;

/// <summary>From the first byte to a connected client, or to a refusal (MQTT 5.0 §3.1 and §3.2, 3.1.1 likewise).</summary>
public class ConnectTests
{
    // [MQTT-3.1.0-1]
    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task FirstPacket_NotConnect_ClosesWithoutAnAnswer(int version)
    {
        await using var rig = new BrokerRig();
        var connection = rig.Open(version);
        await connection.Client.SendAsync(new byte[] { 0xC0, 0x00 });
        await connection.Client.ExpectEndAsync();
        connection.Closing.ShouldBe(CloseReason.ProtocolError);
        rig.Events.Of<ProtocolViolated>().ShouldHaveSingleItem().ShouldSatisfyAllConditions(
            violated => violated.Clause.ShouldBe("MQTT-3.1.0-1"),
            violated => violated.Identity.ShouldBe("alice"),
            violated => violated.RemoteAddress.ShouldBe("client:1"));
    }

    // [MQTT-3.1.2-2]: answered in the nearest version that the client may understand.
    [Theory]
    [InlineData(3, 4, 0x01)]
    [InlineData(6, 5, 0x84)]
    public async Task Version_Unknown_IsRefusedInTheNearestOne(byte level, int answeredIn, int expected)
    {
        await using var rig = new BrokerRig();
        var client = rig.Open(answeredIn).Client;
        var connect = ConnectWriter.Write(client.Connect("a"));
        connect[8] = level;
        await client.SendAsync(connect);
        (await client.ExpectAsync<ConnAckPacket>()).Reason.ShouldBe((ReasonCode)expected);
        await client.ExpectEndAsync();
    }

    // Bridges of a version that there is not: the refusal is one that they understand.
    [Theory]
    [InlineData("MQIsdp", 0x84)]
    [InlineData("MQTT", 0x83)]
    public async Task Bridge_OfAnUnknownVersion_IsRefusedInTheFormOf311(string name, byte level)
    {
        await using var rig = new BrokerRig();
        var client = rig.Open(4).Client;
        byte[] body = [0, (byte)name.Length, .. Encoding.ASCII.GetBytes(name), level, 2, 0, 60, 0, 1, (byte)'b'];
        await client.SendAsync(new byte[] { 0x10, (byte)body.Length }, body);
        var answer = new byte[4];
        await Eventually.CompletesAsync(
            "the refusal comes", client.Stream.ReadExactlyAsync(answer, TestContext.Current.CancellationToken).AsTask());
        answer.ShouldBe([0x20, 0x02, 0x00, 0x01]);
        await client.ExpectEndAsync();
    }

    // [MQTT-3.1.0-2]
    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Connect_ASecondTime_IsAProtocolError(int version)
    {
        await using var rig = new BrokerRig();
        var connection = await rig.OpenAsync("a", version);
        await connection.Client.SendAsync(ConnectWriter.Write(connection.Client.Connect("a")));
        await connection.Client.ExpectClosedAsync(ReasonCode.ProtocolError);
        connection.Closing.ShouldBe(CloseReason.ProtocolError);
    }

    // §3.2: CONNACK comes before anything else [MQTT-3.2.0-1].
    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Connect_Good_IsAcknowledgedAndPublished(int version)
    {
        await using var rig = new BrokerRig();
        var connection = await rig.OpenAsync("a", version);
        connection.Answer!.SessionPresent.ShouldBeFalse();
        var opened = await rig.Events.WaitForAsync<SessionOpened>("the session is published");
        opened.ShouldBe(new SessionOpened(1, "a", "alice", version == 5 ? "MQTT 5.0" : "MQTT 3.1.1", false));
    }

    // §4.13: a malformed CONNECT may be answered in MQTT 5.0 and is not in 3.1.1.
    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Connect_Malformed_IsRefused(int version)
    {
        await using var rig = new BrokerRig();
        var connection = rig.Open(version);
        var connect = ConnectWriter.Write(connection.Client.Connect("a"));
        connect[9] |= 1;
        await connection.Client.SendAsync(connect);
        if (version == 5)
        {
            (await connection.Client.ExpectAsync<ConnAckPacket>()).Reason.ShouldBe(ReasonCode.MalformedPacket);
        }

        await connection.Client.ExpectEndAsync();
        connection.Closing.ShouldBe(CloseReason.ProtocolError);
    }

    // §3.1.4: packets may follow CONNECT at once.
    [Fact]
    public async Task Connect_WithMorePacketsInOnePiece_IsServedInOrder()
    {
        await using var rig = new BrokerRig();
        var client = rig.Open().Client;
        var subscribe = new SubscribePacket(1, [new SubscriptionRequest("a", 0, false, false, RetainHandling.Send)], PropertySet.Empty);
        await client.SendAsync(ConnectWriter.Write(client.Connect("a")), subscribe.Write(client.Version), client.Publish("a", "1"));
        (await client.ExpectAsync<ConnAckPacket>()).Reason.ShouldBe(ReasonCode.Success);
        object[] both = [await client.ExpectAsync<object>(), await client.ExpectAsync<object>()];
        both.OfType<SubAckPacket>().ShouldHaveSingleItem();
        both.OfType<ReceivedPublish>().ShouldHaveSingleItem().Text.ShouldBe("1");
    }

    [Fact]
    public async Task Connect_ByteByByte_IsServed()
    {
        await using var rig = new BrokerRig();
        var client = rig.Open().Client;
        foreach (var value in ConnectWriter.Write(client.Connect("a")))
        {
            await client.SendAsync(new[] { value });
        }

        (await client.ExpectAsync<ConnAckPacket>()).Reason.ShouldBe(ReasonCode.Success);
    }

    // §3.1.4
    [Fact]
    public async Task Connect_NotInTime_Closes()
    {
        await using var rig = new BrokerRig(options => options with { ConnectTimeout = TimeSpan.FromSeconds(7) });
        var connection = rig.Open();
        await connection.Client.SendAsync(new byte[] { 0x10 });
        await Eventually.HoldsAsync("the deadline is set", () => rig.Clock.Time.ArmedTimers > 0);
        rig.Advance(6.9);
        connection.Closing.ShouldBeNull();
        rig.Advance(0.2);
        await connection.Client.ExpectEndAsync();
        connection.Closing.ShouldBe(CloseReason.ConnectTimeout);
    }

    [Fact]
    public async Task Connect_InTime_LiftsTheDeadline()
    {
        await using var rig = new BrokerRig();
        var client = await rig.ConnectAsync("a");
        rig.Advance(3600);
        await client.ExpectNothingAsync();
    }

    [Theory]
    [InlineData(4, 3)]
    [InlineData(5, 0x97)]
    public async Task Session_OneTooMany_IsRefused(int version, int expected)
    {
        await using var rig = new BrokerRig(options => options with { MaxSessions = 2 });
        var first = await rig.OpenAsync("a", version);
        await rig.ConnectAsync("b", version);
        var client = rig.Open(version).Client;
        (await client.ExpectRefusalAsync(client.Connect("c"))).Reason.ShouldBe((ReasonCode)expected);

        await rig.ConnectAsync("b", version);
        await first.DisconnectAsync();
        await rig.ConnectAsync("c", version);
        rig.Broker.Sessions.Count.ShouldBe(2);
    }

    // §3.1.2.8 and §3.1.2.9: they are accepted and not checked, because the certificate identifies the client.
    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task UserNameAndPassword_Given_AreAccepted(int version)
    {
        await using var rig = new BrokerRig();
        var client = rig.Open(version).Client;
        await client.ConnectAsync(client.Connect("a") with { UserName = "u", Password = ImmutableArray.Create<byte>(0, 1) });
        await client.ExpectNothingAsync();
    }
}
