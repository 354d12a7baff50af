using System.Collections.Immutable;
using System.Text;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Mqtt.Properties;
using Cassini.Tests.Support;

namespace Cassini.Tests.Broker;

/// <summary>From the first byte to a session, or to a refusal (MQTT 5.0 §3.1 and §3.2, 3.1.1 likewise).</summary>
public class ConnectTests
{
    // [MQTT-3.1.0-1]
    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task FirstPacket_NotConnect_ClosesWithoutAWord(int version)
    {
        await using var rig = new BrokerRig();
        var connection = rig.Open(version);
        await connection.Client.SendAsync(new byte[] { 0xC0, 0x00 });
        await connection.Client.ExpectEndAsync();
        connection.Closing.ShouldBe(CloseReason.ProtocolError);
        rig.Events.Of<ProtocolViolated>().ShouldHaveSingleItem().Clause.ShouldBe("MQTT-3.1.0-1");
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

    // §3.2: CONNACK comes before anything else [MQTT-3.2.0-1].
    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Connect_Good_IsAcknowledgedAndTold(int version)
    {
        await using var rig = new BrokerRig();
        var connection = await rig.OpenAsync("a", version);
        connection.Answer!.SessionPresent.ShouldBeFalse();
        var told = await rig.Events.WaitForAsync<SessionOpened>("it is published");
        told.ShouldBe(new SessionOpened(1, "a", "alice", version == 5 ? "MQTT 5.0" : "MQTT 3.1.1", false));
    }

    // §3.2.2.3: what this server grants.
    [Fact]
    public async Task ConnAck_TellsTheLimits()
    {
        await using var rig = new BrokerRig(options => options with
        {
            ReceiveMaximum = 10,
            MaxPacketSize = 2000,
            MaxTopicAliases = 3,
            MaxKeepAlive = TimeSpan.FromSeconds(30),
            MaxSessionExpiry = TimeSpan.FromSeconds(100),
        });
        var answer = (await rig.OpenAsync("a", change: connect => connect with
        {
            KeepAlive = 60,
            Properties = new PropertySet { SessionExpiryInterval = 1000 },
        })).Answer!;
        answer.Properties.ShouldBe(new PropertySet
        {
            ReceiveMaximum = 10,
            MaximumPacketSize = 2000,
            TopicAliasMaximum = 3,
            ServerKeepAlive = 30,
            SessionExpiryInterval = 100,
            SubscriptionIdentifiers = answer.Properties.SubscriptionIdentifiers,
            UserProperties = answer.Properties.UserProperties,
        });
    }

    // §3.2.2.3.2: a lower interval than it asked for is told; the same one need not be.
    [Theory]
    [InlineData(0u, null)]
    [InlineData(50u, null)]
    [InlineData(100u, null)]
    [InlineData(101u, 100u)]
    [InlineData(uint.MaxValue, 100u)]
    public async Task SessionExpiry_OverTheCap_IsToldAsCapped(uint asked, uint? told)
    {
        await using var rig = new BrokerRig(options => options with { MaxSessionExpiry = TimeSpan.FromSeconds(100) });
        var answer = (await rig.OpenAsync("a", change: connect => connect with { Properties = new PropertySet { SessionExpiryInterval = asked } })).Answer!;
        answer.Properties.SessionExpiryInterval.ShouldBe(told);
    }

    // §3.2.2.3.14, [MQTT-3.1.2-21]: longer ones, and none, are cut to the longest.
    [Theory]
    [InlineData(0, 30)]
    [InlineData(10, null)]
    [InlineData(30, null)]
    [InlineData(31, 30)]
    public async Task KeepAlive_OverTheLongest_IsToldAsServerKeepAlive(int asked, int? told)
    {
        await using var rig = new BrokerRig(options => options with { MaxKeepAlive = TimeSpan.FromSeconds(30) });
        var answer = (await rig.OpenAsync("a", change: connect => connect with { KeepAlive = (ushort)asked })).Answer!;
        answer.Properties.ServerKeepAlive.ShouldBe((ushort?)told);
    }

    // [MQTT-3.1.3-6], [MQTT-3.1.3-7], [MQTT-3.2.2-16]
    [Fact]
    public async Task ClientId_Empty_IsAssignedAndUnique()
    {
        await using var rig = new BrokerRig();
        var first = (await rig.OpenAsync("")).Answer!.Properties.AssignedClientIdentifier;
        var second = (await rig.OpenAsync("")).Answer!.Properties.AssignedClientIdentifier;
        first.ShouldNotBeNullOrEmpty();
        second.ShouldNotBe(first);
        rig.Broker.Sessions.Find(first!).ShouldNotBeNull();
    }

    // 3.1.1 [MQTT-3.1.3-6]
    [Fact]
    public async Task ClientId_EmptyAndCleanInMqtt311_IsTaken()
    {
        await using var rig = new BrokerRig();
        (await rig.OpenAsync("", 4)).Answer!.Reason.ShouldBe(ReasonCode.Success);
    }

    // 3.1.1 [MQTT-3.1.3-8], [MQTT-3.1.3-9]
    [Fact]
    public async Task ClientId_EmptyAndNotCleanInMqtt311_IsRefused()
    {
        await using var rig = new BrokerRig();
        var client = rig.Open(4).Client;
        (await client.ExpectRefusalAsync(client.Connect("") with { CleanStart = false })).Reason.ShouldBe((ReasonCode)2);
    }

    [Theory]
    [InlineData(4, "a\u0007b")]
    [InlineData(5, "a\u0007b")]
    [InlineData(5, "a\u009fb")]
    public async Task ClientId_WithControlCharacters_IsNotValid(int version, string clientId)
    {
        await using var rig = new BrokerRig();
        var client = rig.Open(version).Client;
        (await client.ExpectRefusalAsync(client.Connect(clientId))).Reason.ShouldBe(version == 5 ? ReasonCode.ClientIdentifierNotValid : (ReasonCode)2);
    }

    // [MQTT-3.1.3-5]: 1 to 23 bytes must be taken; longer ones may.
    [Theory]
    [InlineData(23, true)]
    [InlineData(256, true)]
    [InlineData(257, false)]
    public async Task ClientId_Long_IsTakenUpToALimit(int length, bool taken)
    {
        await using var rig = new BrokerRig();
        var client = rig.Open().Client;
        await client.SendAsync(ConnectWriter.Write(client.Connect(new string('x', length))));
        (await client.ExpectAsync<ConnAckPacket>()).Reason.ShouldBe(taken ? ReasonCode.Success : ReasonCode.ClientIdentifierNotValid);
    }

    [Theory]
    [InlineData(4, 5)]
    [InlineData(5, 0x87)]
    public async Task ClientId_OfAnotherIdentity_IsRefusedAndItsOwnerStays(int version, int expected)
    {
        await using var rig = new BrokerRig();
        var owner = await rig.OpenAsync("a", version, identity: "alice");
        var client = rig.Open(version, "mallory").Client;
        (await client.ExpectRefusalAsync(client.Connect("a"))).Reason.ShouldBe((ReasonCode)expected);
        await owner.Client.ExpectNothingAsync();
        rig.Events.Of<ClientRefused>().ShouldHaveSingleItem().Reason.ShouldBe("NotAuthorized");
    }

    // [MQTT-4.12.0-1]
    [Fact]
    public async Task AuthenticationMethod_Any_IsRefused()
    {
        await using var rig = new BrokerRig();
        var client = rig.Open().Client;
        var connect = client.Connect("a") with { Properties = new PropertySet { AuthenticationMethod = "SCRAM-SHA-256", AuthenticationData = [1, 2] } };
        (await client.ExpectRefusalAsync(connect)).Reason.ShouldBe(ReasonCode.BadAuthenticationMethod);
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
            (await connection.Client.ExpectAsync<ReasonPacket>()).Reason.ShouldBeOneOf(ReasonCode.ProtocolError, ReasonCode.MalformedPacket);
        }

        await connection.Client.ExpectEndAsync();
        connection.Closing.ShouldBe(CloseReason.ProtocolError);
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

    // [MQTT-3.1.2-24], [MQTT-3.2.2-19], [MQTT-3.9.2-1]: a reason string is left out where it would make the packet too large.
    [Fact]
    public async Task ReasonString_ThatMakesThePacketTooLarge_IsLeftOut()
    {
        await using var rig = new BrokerRig();
        var client = await rig.ConnectAsync("a", change: connect => connect with { Properties = new PropertySet { MaximumPacketSize = 40 } });
        var answer = await client.SubscribeAsync(
            [new SubscriptionRequest("#/" + new string('x', 60), 0, false, false, RetainHandling.Send)], PropertySet.Empty);
        answer.Reasons.ShouldBe([ReasonCode.TopicFilterInvalid]);
        answer.Properties.ReasonString.ShouldBeNull();
        await client.SendAsync(client.Publish("a", "", alias: 500));
        (await client.ExpectClosedAsync(ReasonCode.TopicAliasInvalid))!.Properties.ReasonString.ShouldBeNull();

        var refused = rig.Open().Client;
        var connect = refused.Connect("b\u0007") with { Properties = new PropertySet { MaximumPacketSize = 40 } };
        (await refused.ExpectRefusalAsync(connect)).Properties.ReasonString.ShouldBeNull();
    }

    // A reason string has at most 65,535 bytes, however long what it speaks of.
    [Fact]
    public async Task ReasonString_AboutTheLongestFilter_IsShort()
    {
        await using var rig = new BrokerRig();
        var connection = await rig.OpenAsync("a");
        var answer = await connection.Client.SubscribeAsync(
            [new SubscriptionRequest("#" + new string('x', 65_534), 0, false, false, RetainHandling.Send)], PropertySet.Empty);
        answer.Reasons.ShouldBe([ReasonCode.TopicFilterInvalid]);
        Encoding.UTF8.GetByteCount(answer.Properties.ReasonString!).ShouldBeLessThan(1000);
    }

    // [MQTT-3.1.2-29]: only CONNACK, DISCONNECT and PUBLISH may explain themselves to a client that does not want it.
    [Theory]
    [InlineData(null, true)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public async Task ReasonString_OnSubAck_OnlyForThoseWhoWantIt(bool? wanted, bool sent)
    {
        await using var rig = new BrokerRig();
        var client = await rig.ConnectAsync("a", change: connect => connect with { Properties = new PropertySet { RequestProblemInformation = wanted } });
        var answer = await client.SubscribeAsync([new SubscriptionRequest("#/x", 0, false, false, RetainHandling.Send)], PropertySet.Empty);
        (answer.Properties.ReasonString is not null).ShouldBe(sent);
    }

    // [MQTT-3.1.2-28], §3.2.2.3.15
    [Theory]
    [InlineData("a", true, "response/a")]
    [InlineData("a", false, null)]
    [InlineData("a", null, null)]
    [InlineData("a/b", true, null)]
    public async Task ResponseInformation_Requested_IsATopicThatTheClientMayHave(string clientId, bool? requested, string? expected)
    {
        await using var rig = new BrokerRig();
        var answer = (await rig.OpenAsync(clientId, change: connect => connect with
        {
            Properties = new PropertySet { RequestResponseInformation = requested },
        })).Answer!;
        answer.Properties.ResponseInformation.ShouldBe(expected);
        if (expected is not null)
        {
            (await rig.Open().Client.ConnectAsync(rig.Open().Client.Connect("b"))).Properties.ResponseInformation.ShouldBeNull();
        }
    }

    // [MQTT-3.2.2-15] towards the broker: larger packets end the connection.
    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Packet_LargerThanTheBrokerTakes_Closes(int version)
    {
        await using var rig = new BrokerRig(options => options with { MaxPacketSize = 1024 });
        var connection = await rig.OpenAsync("a", version);
        await connection.Client.SendAsync(connection.Client.Publish("a", new byte[1024]));
        await connection.Client.ExpectClosedAsync(ReasonCode.PacketTooLarge);
        connection.Closing.ShouldBe(CloseReason.ProtocolError);
    }

    // [MQTT-3.1.2-24], [MQTT-3.1.2-25]: left out as if it had been sent, with every QoS.
    [Theory]
    [InlineData(QualityOfService.AtMostOnce)]
    [InlineData(QualityOfService.AtLeastOnce)]
    [InlineData(QualityOfService.ExactlyOnce)]
    public async Task Packet_LargerThanTheClientTakes_IsLeftOut(QualityOfService qos)
    {
        await using var rig = new BrokerRig();
        var client = await rig.ConnectAsync("a", change: connect => connect with
        {
            Properties = new PropertySet { MaximumPacketSize = 100, ReceiveMaximum = 1, TopicAliasMaximum = 10 },
        });
        await client.SubscribeAsync("t");
        var publisher = await rig.ConnectAsync("p");
        await publisher.PublishAsync("t", new string('x', 200), qos);
        await client.ExpectNothingAsync();
        await publisher.PublishAsync("t", "small", qos);
        var message = await client.ExpectPublishAsync("t", "small");
        message.Properties.TopicAlias.ShouldBe((ushort)1, "the alias that was to come with the large one is given anew");
        rig.Broker.Counters.TooLarge.ShouldBe(1);
        rig.Broker.Counters.Dropped.ShouldBe(0);
    }

    // §3.1.2.8 and §3.1.2.9: names are taken and not judged: the certificate says who it is.
    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task UserNameAndPassword_Given_AreTaken(int version)
    {
        await using var rig = new BrokerRig();
        var client = rig.Open(version).Client;
        await client.ConnectAsync(client.Connect("a") with { UserName = "u", Password = ImmutableArray.Create<byte>(0, 1) });
        await client.ExpectNothingAsync();
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
    public async Task Connection_EndedByOthers_IsToldWhy(CloseReason reason, int expected)
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

    private static class ReasonCodes
    {
        public const int ServerShuttingDown = 0x8B;
        public const int AdministrativeAction = 0x98;
    }
}
