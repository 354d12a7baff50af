using Cassini.Streams.Broker.Model;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Quotas;
using Cassini.Tests.Management.Messages;
using Cassini.Tests.Support;

namespace Cassini.Tests.Broker;

/// <summary>The memory of the topic aliases that clients set.</summary>
public class AliasMemoryTests
{
    private const string Mallory = "mallory";

    private static readonly string Long = new('x', 990);

    // Without the alias the messages that use it could not be understood, so the connection cannot go on.
    [Fact]
    public async Task Closed_SetsATopicAlias_EndsTheConnection()
    {
        await using var rig = new BrokerRig(quota: QuotaOptions.Whole with { Memory = Share.Percent(25) });
        var memory = rig.Broker.Budget.Of(rig.Accounts.Open(Mallory));
        var client = await rig.ConnectAsync("a", identity: Mallory);
        await client.SendAsync(client.Publish("known", "", retain: true, alias: 1));
        await client.PingAsync();
        memory.Take(memory.Share);

        await client.SendAsync(client.Publish("known", "", retain: true, alias: 1), client.Publish("", "", retain: true, alias: 1));
        await client.PingAsync();
        await client.SendAsync(client.Publish("new", "", retain: true, alias: 2));
        await client.ExpectClosedAsync(ReasonCode.QuotaExceeded);
    }

    // A topic that many have aliases for is in memory once; once it is not listed any more, each would have its own.
    [Fact]
    public async Task Closed_UsesAnAliasOfARemovedTopic_TakesNoMore()
    {
        await using var rig = new BrokerRig(
            options => options with { MemoryLimit = 8 * 1024 * 1024, MaxTopics = 64, TopicIdle = TimeSpan.FromSeconds(1) },
            quota: QuotaOptions.Whole with { Memory = Share.Percent(25) });
        var memory = rig.Broker.Budget.Of(rig.Accounts.Open(Mallory));
        var clients = new List<MqttTestClient>();
        for (var i = 0; i < 3; i++)
        {
            clients.Add(await rig.ConnectAsync($"c{i}", identity: Mallory));
            for (ushort alias = 1; alias <= 64; alias++)
            {
                await clients[i].SendAsync(clients[i].Publish($"{Long}/{alias}", "", retain: true, alias: alias));
            }

            await clients[i].PingAsync();
        }

        rig.Advance(30);
        rig.Broker.Topics.Count.ShouldBe(0);
        for (var i = 0; i < 64; i++)
        {
            await rig.Broker.PublishAsync(new MqttMessage { Topic = $"other/{i}", Payload = "1"u8.ToArray() });
        }

        memory.Take(memory.Share);
        var before = memory.Held;
        foreach (var client in clients)
        {
            for (ushort alias = 1; alias <= 64; alias++)
            {
                await client.SendAsync(client.Publish("", "", retain: true, alias: alias));
            }

            await client.PingAsync();
        }

        (memory.Held - before).ShouldBeLessThan(48 * 1024);
    }

    // The name of a denied topic is kept with its alias: each of the ways in which it is given up gives its memory back.
    [Fact]
    public async Task DeniedAlias_ItsName_IsChargedAndReturned()
    {
        await using var rig = new BrokerRig(options => options with { MaxTopicAliases = 4, Access = Rules.Of("allow all * open") });
        var memory = rig.Broker.Budget.Of(rig.Accounts.Open(Mallory));
        await (await rig.ConnectAsync("a", identity: Mallory)).DisconnectAsync();
        await Eventually.HoldsAsync("nothing is held", () => memory.Held == 0);
        var client = await rig.ConnectAsync("a", identity: Mallory);
        var connected = memory.Held;

        await SetAsync(1, Long);
        var withOne = memory.Held;
        (withOne - connected).ShouldBeGreaterThan(Long.Length);
        await SetAsync(1, Long);
        memory.Held.ShouldBe(withOne, "the alias stands for it again");
        await SetAsync(1, "open");
        memory.Held.ShouldBeLessThan(withOne - Long.Length + 300, "it stands for another");
        await SetAsync(2, Long);
        await client.DisconnectAsync();
        await Eventually.HoldsAsync("it is free", () => memory.Held < 300);

        async Task SetAsync(ushort alias, string topic)
        {
            await client.SendAsync(client.Publish(topic, "", alias: alias));
            await client.PingAsync();
        }
    }

    [Fact]
    public async Task AliasTable_IsChargedAndReturned()
    {
        await using var rig = new BrokerRig(options => options with { MaxTopicAliases = 10_000 });
        var before = rig.Broker.Budget.Used;
        var connection = await rig.OpenAsync("a");
        await connection.Client.SendAsync(connection.Client.Publish("t", "1", alias: 1));
        await connection.Client.PingAsync();
        rig.Broker.Budget.Used.ShouldBeGreaterThan(before + 240_000);
        await connection.DisconnectAsync();
        rig.Advance(3_700);
        await Eventually.BecomesAsync("everything is given back", () => rig.Broker.Budget.Used, used => used < before + 1_000);
    }
}
