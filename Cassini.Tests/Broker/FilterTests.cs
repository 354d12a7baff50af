using Cassini.Streams.Broker.Model;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Mqtt.Properties;

namespace Cassini.Tests.Broker;

/// <summary>Which filters match a topic, and which are none (MQTT 5.0 §4.7, §4.8).</summary>
public class FilterTests
{
    // §4.7.1: examples of the standard, and those that go wrong easily.
    [Theory]
    [InlineData("sport/tennis/player1", "sport/tennis/player1", true)]
    [InlineData("sport/tennis/player1", "sport/tennis/player1/ranking", false)]
    [InlineData("sport/tennis/player1/#", "sport/tennis/player1", true)]
    [InlineData("sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true)]
    [InlineData("sport/#", "sport", true)]
    [InlineData("sport/#", "sports", false)]
    [InlineData("#", "a", true)]
    [InlineData("#", "/", true)]
    [InlineData("sport/tennis/+", "sport/tennis/player1", true)]
    [InlineData("sport/tennis/+", "sport/tennis/player1/ranking", false)]
    [InlineData("sport/+", "sport", false)]
    [InlineData("sport/+", "sport/", true)]
    [InlineData("+", "finance", true)]
    [InlineData("+", "/finance", false)]
    [InlineData("/+", "/finance", true)]
    [InlineData("+/+", "/finance", true)]
    [InlineData("+/tennis/#", "sport/tennis", true)]
    [InlineData("sport/+/player1", "sport/x/player1", true)]
    [InlineData("a//b", "a//b", true)]
    [InlineData("a/+/b", "a//b", true)]
    [InlineData("/#", "/a", true)]
    [InlineData("/#", "a", false)]
    [InlineData("Sport", "sport", false)]
    [InlineData("a b", "a b", true)]
    [InlineData("$x/#", "$x/y", true)]
    [InlineData("#", "$x/y", false)]
    [InlineData("+/y", "$x/y", false)]
    [InlineData("$x/+", "$x/y", true)]
    [InlineData("a/#", "a/$x", true)]
    [InlineData("a/+", "a/$x", true)]
    public async Task Filter_AgainstATopic_MatchesAsTheStandardSays(string filter, string topic, bool matches)
    {
        AccessRule.TryParse("allow all * $x/#", out var rule, out _).ShouldBeTrue();
        await using var rig = new BrokerRig(options => options with { Access = [rule, .. AccessRule.Defaults] });
        foreach (var version in new[] { 4, 5 })
        {
            var client = await rig.ConnectAsync($"c{version}", version);
            (await client.SubscribeAsync(filter)).ShouldBe(ReasonCode.GrantedQoS2);
            await (await rig.ConnectAsync("p", version)).PublishAsync(topic, "1");
            if (matches)
            {
                await client.ExpectPublishAsync(topic, "1");
            }

            await client.ExpectNothingAsync();
        }
    }

    // [MQTT-4.7.1-1], [MQTT-4.7.1-2], [MQTT-4.8.2-2]: a wildcard in the wrong place.
    [Theory]
    [InlineData("sport/tennis#")]
    [InlineData("sport/tennis/#/ranking")]
    [InlineData("sport+")]
    [InlineData("+a/b")]
    [InlineData("$share")]
    [InlineData("$share/g+/a")]
    [InlineData("$share/#/a")]
    [InlineData("$share/g/a#")]
    public async Task Filter_Invalid_IsRefusedAloneInTheSameAnswer(string filter)
    {
        await using var rig = new BrokerRig();
        foreach (var version in new[] { 4, 5 })
        {
            var client = await rig.ConnectAsync($"c{version}", version);
            var answer = await client.SubscribeAsync([Request("good"), Request(filter), Request("fine")], PropertySet.Empty);
            var refused = version == 5 ? ReasonCode.TopicFilterInvalid : ReasonCode.UnspecifiedError;
            answer.Reasons.ShouldBe([ReasonCode.GrantedQoS2, refused, ReasonCode.GrantedQoS2]);
        }
    }

    // [MQTT-4.7.3-1], [MQTT-4.8.2-1], [MQTT-4.8.2-2]: the sequences of the conformance suites, in SUBSCRIBE and in UNSUBSCRIBE.
    [Theory]
    [InlineData("")]
    [InlineData("$share/")]
    [InlineData("$share//a")]
    [InlineData("$share/g")]
    [InlineData("$share/g/")]
    public async Task Filter_LacksAPart_EndsTheConnection(string filter)
    {
        await using var rig = new BrokerRig();
        foreach (var version in new[] { 4, 5 })
        {
            var subscriber = await rig.OpenAsync($"s{version}", version);
            var subscribe = new SubscribePacket(1, [Request("good"), Request(filter)], PropertySet.Empty);
            await subscriber.Client.SendAsync(subscribe.Write(subscriber.Client.Version));
            await subscriber.Client.ExpectClosedAsync(ReasonCode.MalformedPacket);
            subscriber.Closing.ShouldBe(CloseReason.ProtocolError);

            var other = await rig.OpenAsync($"u{version}", version);
            await other.Client.SendAsync(new UnsubscribePacket(1, ["good", filter], PropertySet.Empty).Write(other.Client.Version));
            await other.Client.ExpectClosedAsync(ReasonCode.MalformedPacket);
            other.Closing.ShouldBe(CloseReason.ProtocolError);
            rig.Broker.Tree.Count.ShouldBe(0, "nothing of the packet counts");
        }
    }

    private static SubscriptionRequest Request(string filter, QualityOfService qos = QualityOfService.ExactlyOnce) =>
        new(filter, qos, false, false, RetainHandling.Send);
}
