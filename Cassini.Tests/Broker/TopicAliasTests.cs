using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Properties;

namespace Cassini.Tests.Broker;

/// <summary>Topic aliases in both directions (MQTT 5.0 §3.3.2.3.4).</summary>
public class TopicAliasTests
{
    // §3.3.2.3.4, [MQTT-3.3.2-8] to [MQTT-3.3.2-12]
    [Fact]
    public async Task TopicAlias_OfTheClient_NamesItsTopicOnItsConnection()
    {
        await using var rig = new BrokerRig(options => options with { MaxTopicAliases = 2 });
        var watcher = await rig.ConnectAsync("w");
        await watcher.SubscribeAsync("#", QualityOfService.AtMostOnce);
        var connection = await rig.OpenAsync("p", change: BrokerRig.Lasting);
        var publisher = connection.Client;
        await publisher.SendAsync(
            publisher.Publish("a", "1", alias: 1),
            publisher.Publish("b", "2", alias: 2),
            publisher.Publish("", "3", alias: 1),
            publisher.Publish("c", "4", alias: 1),
            publisher.Publish("", "5", alias: 1),
            publisher.Publish("", "6", alias: 2));
        foreach (var (topic, text) in new[] { ("a", "1"), ("b", "2"), ("a", "3"), ("c", "4"), ("c", "5"), ("b", "6") })
        {
            (await watcher.ExpectPublishAsync(topic, text)).Properties.TopicAlias.ShouldBeNull("an alias belongs to its hop");
        }

        await connection.DisconnectAsync();
        var again = await rig.ConnectAsync("p", change: BrokerRig.Lasting);
        await again.SendAsync(again.Publish("", "x", alias: 1));
        await again.ExpectClosedAsync(ReasonCode.ProtocolError);
    }

    [Theory]
    [InlineData(3, 2)]
    [InlineData(1, 0)]
    public async Task TopicAlias_OverTheMaximum_Closes(ushort alias, int max)
    {
        await using var rig = new BrokerRig(options => options with { MaxTopicAliases = max });
        var client = await rig.ConnectAsync("p");
        await client.SendAsync(client.Publish("a", "1", alias: alias));
        await client.ExpectClosedAsync(ReasonCode.TopicAliasInvalid);
    }

    // An alias still works when its idle topic has left the list, and so does the name.
    [Fact]
    public async Task TopicAlias_OfATopicThatWasIdle_StillNamesIt()
    {
        await using var rig = new BrokerRig(options => options with { TopicIdle = TimeSpan.FromMinutes(1) });
        var client = await rig.ConnectAsync("p");
        await client.SendAsync(client.Publish("a", "1", alias: 1), client.Publish("b", "1"));
        await client.PingAsync();
        rig.Advance(61);
        rig.Broker.Topics.Count.ShouldBe(0);
        var watcher = await rig.ConnectAsync("w");
        await watcher.SubscribeAsync("#", QualityOfService.AtMostOnce);
        await client.SendAsync(client.Publish("", "2", alias: 1), client.Publish("b", "2"));
        await watcher.ExpectPublishAsync("a", "2");
        await watcher.ExpectPublishAsync("b", "2");
        rig.Broker.Topics.Count.ShouldBe(2);
    }

    // [MQTT-3.1.2-26], [MQTT-3.1.2-27]
    [Fact]
    public async Task TopicAlias_ToTheClient_StaysWithinItsMaximum()
    {
        await using var rig = new BrokerRig();
        var client = await rig.ConnectAsync(
            "a", change: connect => connect with { Properties = new PropertySet { TopicAliasMaximum = 2 } });
        await client.SubscribeAsync("#", QualityOfService.AtLeastOnce);
        var publisher = await rig.ConnectAsync("p");
        foreach (var (topic, sentTopic, alias) in new (string, string, int?)[]
        {
            ("a", "a", 1), ("b", "b", 2), ("a", "", 1), ("c", "c", null), ("b", "", 2), ("c", "c", null),
        })
        {
            await publisher.PublishAsync(topic, "x", QualityOfService.AtLeastOnce);
            var message = await client.ExpectAsync<ReceivedPublish>();
            (message.Topic, message.Properties.TopicAlias).ShouldBe((sentTopic, (ushort?)alias));
        }
    }
}
