using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;

namespace Cassini.Tests.Broker;

/// <summary>Client identifiers (MQTT 5.0 §3.1.3.1).</summary>
public class ClientIdTests
{
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
    public async Task ClientId_EmptyAndCleanInMqtt311_IsAccepted()
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
        (await client.ExpectRefusalAsync(client.Connect(clientId))).Reason
            .ShouldBe(version == 5 ? ReasonCode.ClientIdentifierNotValid : (ReasonCode)2);
    }

    // [MQTT-3.1.3-5]: 1 to 23 bytes must be accepted; longer ones may be.
    [Theory]
    [InlineData(23, true)]
    [InlineData(256, true)]
    [InlineData(257, false)]
    public async Task ClientId_Long_IsAcceptedUpToALimit(int length, bool accepted)
    {
        await using var rig = new BrokerRig();
        var client = rig.Open().Client;
        await client.SendAsync(ConnectWriter.Write(client.Connect(new string('x', length))));
        (await client.ExpectAsync<ConnAckPacket>()).Reason.ShouldBe(accepted ? ReasonCode.Success : ReasonCode.ClientIdentifierNotValid);
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
        rig.Events.Of<ClientRefused>().ShouldHaveSingleItem().ShouldSatisfyAllConditions(
            refused => refused.Reason.ShouldBe("NotAuthorized"),
            refused => refused.Identity.ShouldBe("mallory"),
            refused => refused.RemoteAddress.ShouldBe("client:2"));
    }
}
