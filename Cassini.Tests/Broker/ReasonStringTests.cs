using System.Text;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Mqtt.Properties;

namespace Cassini.Tests.Broker;

/// <summary>Reason strings, and when they are left out (MQTT 5.0 §3.1.2.11.7).</summary>
public class ReasonStringTests
{
    // [MQTT-3.1.2-24], [MQTT-3.2.2-19], [MQTT-3.9.2-1]: a reason string is left out where it would make the packet too large.
    [Fact]
    public async Task ReasonString_ThatMakesThePacketTooLarge_IsLeftOut()
    {
        await using var rig = new BrokerRig();
        var client = await rig.ConnectAsync(
            "a", change: connect => connect with { Properties = new PropertySet { MaximumPacketSize = 40 } });
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

    // A reason string has at most 65,535 bytes, however long the filter that it names.
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

    // [MQTT-3.1.2-29]: only CONNACK, DISCONNECT and PUBLISH may carry one for a client that does not want them.
    [Theory]
    [InlineData(null, true)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public async Task ReasonString_OnSubAck_IsSentOnlyWhenWanted(bool? wanted, bool sent)
    {
        await using var rig = new BrokerRig();
        var client = await rig.ConnectAsync(
            "a", change: connect => connect with { Properties = new PropertySet { RequestProblemInformation = wanted } });
        var answer = await client.SubscribeAsync([new SubscriptionRequest("#/x", 0, false, false, RetainHandling.Send)], PropertySet.Empty);
        (answer.Properties.ReasonString is not null).ShouldBe(sent);
    }
}
