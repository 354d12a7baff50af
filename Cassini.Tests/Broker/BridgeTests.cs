using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;

namespace Cassini.Tests.Broker;

/// <summary>Another broker that bridges to this one: protocol level 0x84, as mosquitto sends it by default.</summary>
public class BridgeTests
{
    private const string State = "$SYS/broker/connection/host.cassini/state";

    [Fact]
    public async Task Bridge_Connects_IsServedAsMqtt311()
    {
        await using var rig = new BrokerRig();
        var bridge = await ConnectAsync(rig);
        (await bridge.SubscribeAsync("t/#", QualityOfService.AtLeastOnce)).ShouldBe(ReasonCode.GrantedQoS1);
        (await rig.Events.WaitForAsync<SessionOpened>("it is published")).Protocol.ShouldBe("MQTT 3.1.1");
    }

    // A bridge in both directions would get back what it brought, and bring it again.
    [Fact]
    public async Task Bridge_OwnMessages_DoNotComeBack()
    {
        await using var rig = new BrokerRig();
        var bridge = await ConnectAsync(rig);
        await bridge.SubscribeAsync("t/#");
        await bridge.PublishAsync("t/1", "its own", QualityOfService.AtLeastOnce);
        await bridge.ExpectNothingAsync();
        await (await rig.ConnectAsync("p")).PublishAsync("t/1", "another's");
        await bridge.ExpectPublishAsync("t/1", "another's");
    }

    // It retains on the other side what is retained here.
    [Fact]
    public async Task Bridge_RetainedMessage_KeepsItsFlag()
    {
        await using var rig = new BrokerRig();
        var bridge = await ConnectAsync(rig);
        await bridge.SubscribeAsync("t");
        var publisher = await rig.ConnectAsync("p");
        await publisher.PublishAsync("t", "1", retain: true);
        (await bridge.ExpectPublishAsync("t", "1")).Retain.ShouldBeTrue();
        await publisher.PublishAsync("t", "2");
        (await bridge.ExpectPublishAsync("t", "2")).Retain.ShouldBeFalse();
    }

    // [MQTT-3.8.3-4] of 5.0: no local is not for shared subscriptions.
    [Fact]
    public async Task Bridge_SharedSubscription_GetsItsOwnMessages()
    {
        await using var rig = new BrokerRig();
        var bridge = await ConnectAsync(rig);
        await bridge.SubscribeAsync("$share/g/t", QualityOfService.AtMostOnce);
        await bridge.SendAsync(bridge.Publish("t", "1"));
        await bridge.ExpectPublishAsync("t", "1");
    }

    // The default notifications of mosquitto: a will and a message under the broker's own topics.
    [Theory]
    [InlineData(4, true)]
    [InlineData(4, false)]
    [InlineData(5, false)]
    public async Task Bridge_NotifiesAsItComes_IsServedAndChangesNoTopicOfTheBroker(int version, bool isKnown)
    {
        await using var rig = new BrokerRig();
        var connection = rig.Open(version);
        await connection.Client.ConnectAsync(
            BrokerRig.WithWill(connection.Client.Connect("host.cassini") with { IsBridge = isKnown }, State, retain: true));
        await connection.Client.PublishAsync(State, "1", QualityOfService.AtLeastOnce, retain: true);
        await connection.LoseAsync();
        rig.Broker.Retained.Get(MqttText.Encode(State)).ShouldBeNull();
    }

    [Fact]
    public async Task Will_UnderAnotherTopicOfTheBroker_IsRefused()
    {
        await using var rig = new BrokerRig();
        var client = rig.Open(4).Client;
        var connect = client.Connect("a") with { IsBridge = true };
        (await client.ExpectRefusalAsync(BrokerRig.WithWill(connect, "$SYS/broker/uptime"))).Reason.ShouldBe((ReasonCode)5);
    }

    private static Task<MqttTestClient> ConnectAsync(BrokerRig rig) =>
        rig.ConnectAsync("host.cassini", 4, connect => connect with { IsBridge = true });
}
