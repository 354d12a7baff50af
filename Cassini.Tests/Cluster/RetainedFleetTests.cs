using System.Text;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Tests.Integration;
using Cassini.Tests.Support;

namespace Cassini.Tests.Cluster;

/// <summary>Whole brokers on real NATS that retain the same.</summary>
public sealed class RetainedFleetTests : IDisposable
{
    private readonly TempDirectory _disk = new();

    public void Dispose() => _disk.Dispose();

    [Theory]
    [InlineData(QualityOfService.AtLeastOnce)]
    [InlineData(QualityOfService.ExactlyOnce)]
    public async Task Publish_RetainedAndAcknowledged_IsOnEachNode(QualityOfService qos)
    {
        await using var fleet = await Fleet.StartAsync();
        var publisher = await fleet.ConnectAsync(0, "p");
        for (var i = 0; i < 50; i++)
        {
            await publisher.PublishAsync($"t/{i}", $"{i}", qos, retain: true);
            var subscriber = await fleet.ConnectAsync(1 + (i % 2), $"s{i}");
            await subscriber.SubscribeAsync($"t/{i}");
            (await subscriber.ExpectPublishAsync($"t/{i}", $"{i}")).Retain.ShouldBeTrue();
        }

        await publisher.PublishAsync("t/0", "", qos, retain: true);
        foreach (var node in fleet.Nodes)
        {
            node.Mqtt.Broker.Retained.Get("t/0"u8).ShouldBeNull();
        }
    }

    // The flag is that of the publisher for who asks for it, on each node.
    [Fact]
    public async Task Publish_Retained_IsLiveForWhoHasSubscribedElsewhere()
    {
        await using var fleet = await Fleet.StartAsync(2);
        var (plain, asPublished) = (await fleet.ConnectAsync(1, "s"), await fleet.ConnectAsync(1, "r"));
        await plain.SubscribeAsync("t/#");
        await asPublished.SubscribeAsync(
            new SubscriptionRequest("t/#", QualityOfService.AtLeastOnce, false, RetainAsPublished: true, RetainHandling.Send));
        var publisher = await fleet.ConnectAsync(0, "p");
        await publisher.PublishAsync("t/1", "a", QualityOfService.AtLeastOnce, retain: true);
        await publisher.PublishAsync("t/2", "b", QualityOfService.AtLeastOnce);

        (await plain.ExpectPublishAsync("t/1", "a")).Retain.ShouldBeFalse();
        (await plain.ExpectPublishAsync("t/2", "b")).Retain.ShouldBeFalse();
        (await asPublished.ExpectPublishAsync("t/1", "a")).Retain.ShouldBeTrue();
        (await asPublished.ExpectPublishAsync("t/2", "b")).Retain.ShouldBeFalse();
    }

    // A node that was down gets what was set, changed and removed meanwhile, before it is ready.
    [Fact]
    public async Task Node_WasDown_HasTheSameWhenItIsReady()
    {
        await using var fleet = await Fleet.StartAsync(2);
        var third = await fleet.AddAsync("n3", _disk.Path);
        await fleet.IsWholeAsync();
        var publisher = await fleet.ConnectAsync(0, "p");
        foreach (var topic in (string[])["stays", "changes", "goes"])
        {
            await publisher.PublishAsync(topic, "before", QualityOfService.AtLeastOnce, retain: true);
        }

        await fleet.RemoveAsync(third);
        await publisher.PublishAsync("changes", "after", QualityOfService.AtLeastOnce, retain: true);
        await publisher.PublishAsync("goes", "", QualityOfService.AtLeastOnce, retain: true);
        await publisher.PublishAsync("new", "after", QualityOfService.AtLeastOnce, retain: true);

        third = await fleet.AddAsync("n3", _disk.Path);
        await third.BecomesAsync("it is ready", snapshot => snapshot.Ready);
        foreach (var node in fleet.Nodes)
        {
            node.Mqtt.Broker.Retained.Match("#"u8.ToArray())
                .Select(message => (message.Topic.Name, MqttText.Decode(message.Payload)))
                .ShouldBe([("stays", "before"), ("changes", "after"), ("new", "after")], ignoreOrder: true);
        }
    }

    // All start anew, each with what it has on its disk.
    [Fact]
    public async Task Fleet_StopsAndStarts_RetainsTheSame()
    {
        var stores = Enumerable.Range(1, 2)
            .Select(i => Path.Combine(_disk.Path, $"n{i}")).ToArray();
        await using var fleet = await Fleet.StartAsync(0);
        var first = await fleet.AddAsync("n1", stores[0]);
        var second = await fleet.AddAsync("n2", stores[1]);
        await fleet.IsWholeAsync();
        var publisher = await fleet.ConnectAsync(0, "p");
        await publisher.PublishAsync("a", "1", QualityOfService.AtLeastOnce, retain: true);
        await publisher.PublishAsync("b", "1", QualityOfService.AtLeastOnce, retain: true);
        await fleet.RemoveAsync(second);
        await publisher.PublishAsync("b", "", QualityOfService.AtLeastOnce, retain: true);
        await fleet.RemoveAsync(first);

        second = await fleet.AddAsync("n2", stores[1]);
        first = await fleet.AddAsync("n1", stores[0]);
        await Eventually.HoldsAsync(
            "the removal has outlived the restart", () => second.Mqtt.Broker.Retained.Get("b"u8) is null);
        first.Mqtt.Broker.Retained.Get("b"u8).ShouldBeNull();
        second.Mqtt.Broker.Retained.Get("a"u8).ShouldNotBeNull();
    }

    // The engine stands still for so long that each gives the other up, and goes on by itself.
    [Fact]
    public async Task Partition_Healed_EachHasTheLatest()
    {
        await using var fleet = await Fleet.StartAsync(2, options => options with
        {
            SuspectAfter = TimeSpan.FromMilliseconds(400),
            DeadAfter = TimeSpan.FromSeconds(1),
        });
        var publishers = new[] { await fleet.ConnectAsync(0, "p0"), await fleet.ConnectAsync(1, "p1") };
        await publishers[0].PublishAsync("both", "before", QualityOfService.AtLeastOnce, retain: true);
        await publishers[0].PublishAsync("goes", "before", QualityOfService.AtLeastOnce, retain: true);

        await fleet.Nats.KillAsync(0);
        await Task.WhenAll(fleet.Nodes.Select(node => node.HappensAsync<PeerLost>("it gives the other up")));
        await publishers[0].PublishAsync("both", "first", QualityOfService.AtLeastOnce, retain: true);
        await NextMillisecondAsync();
        await publishers[1].PublishAsync("both", "second", QualityOfService.AtLeastOnce, retain: true);
        await publishers[0].PublishAsync("of first", "x", QualityOfService.AtLeastOnce, retain: true);
        await publishers[1].PublishAsync("goes", "", QualityOfService.AtLeastOnce, retain: true);

        await fleet.Nats.StartAsync(0);
        await Eventually.BecomesAsync(
            "both have the same",
            () => string.Join("; ", fleet.Nodes.Select(Retained)),
            seen => seen == "second x none; second x none");
        fleet.Nodes[0].Mqtt.Broker.Retained.Digest.ShouldBe(fleet.Nodes[1].Mqtt.Broker.Retained.Digest);
    }

    // More than one piece, and messages of half a megabyte: a node that joins gets all of them.
    [Fact]
    public async Task Node_Joins_GetsAllThatIsRetained()
    {
        await using var fleet = await Fleet.StartAsync(1);
        var broker = fleet.Nodes[0].Mqtt.Broker;
        for (var i = 0; i < 5_000; i++)
        {
            await broker.PublishAsync(new MqttMessage
            {
                Topic = $"{i % 50}/{i}/{new string('x', 50)}",
                Payload = new byte[i % 1_000 == 0 ? 500_000 : 10],
                Retain = true,
            });
        }

        var second = await fleet.AddAsync("n2");
        await fleet.IsWholeAsync();
        second.Mqtt.Broker.Retained.Count.ShouldBe(5_000);
        second.Mqtt.Broker.Retained.Digest.ShouldBe(broker.Retained.Digest);
    }

    private static string Retained(RunningBroker node) =>
        string.Join(' ', ((string[])["both", "of first", "goes"]).Select(topic =>
            node.Mqtt.Broker.Retained.Get(Encoding.UTF8.GetBytes(topic)) is { } kept ? MqttText.Decode(kept.Payload) : "none"));

    /// <summary>Of two changes in one millisecond on two nodes that do not hear each other, none is the later one.</summary>
    private static Task NextMillisecondAsync()
    {
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        return Eventually.HoldsAsync("the clock goes on", () => TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() > now);
    }
}
