using Cassini.Streams.Broker;
using Cassini.Streams.Broker.Connections;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Mqtt.Properties;
using Cassini.Tests.Support;

namespace Cassini.Tests.Broker;

/// <summary>Slow consumers, full queues, the memory ceiling, and publishers that are too fast.</summary>
public class LimitsTests
{
    private const int Window = 16 * 1024;

    [Theory]
    [InlineData("count")]
    [InlineData("bytes")]
    public async Task SlowConsumer_LosesQoS0AndSlowsNobody(string limit)
    {
        await using var rig = new BrokerRig(options => limit == "count"
            ? options with { MaxQueuedMessages = 10 }
            : options with { MaxQueuedBytes = 64 * 1024 });
        var slow = await rig.OpenAsync("slow", window: Window);
        await slow.Client.SubscribeAsync("t", QualityOfService.AtMostOnce);
        var quick = await rig.ConnectAsync("quick");
        await quick.SubscribeAsync("t", QualityOfService.AtMostOnce);
        var publisher = await rig.ConnectAsync("p");
        var payload = new string('x', 4000);
        for (var i = 0; i < 100; i++)
        {
            await publisher.PublishAsync("t", $"{i:000}{payload}");
            await quick.ExpectPublishAsync("t", $"{i:000}{payload}");
        }

        var dropped = rig.Broker.Counters.DroppedQoS0;
        dropped.ShouldBeInRange(50, 95);
        var next = 0;
        for (var i = 0; i < 100 - dropped; i++)
        {
            var number = int.Parse((await slow.Client.ExpectAsync<ReceivedPublish>()).Text[..3]);
            number.ShouldBeGreaterThanOrEqualTo(next, "what it gets is in order");
            next = number + 1;
        }

        await slow.Client.ExpectNothingAsync();
        rig.Advance(1);
        rig.Events.Of<MessagesDropped>().ShouldBe([new MessagesDropped("slow", dropped)]);
        rig.Advance(1);
        rig.Events.Of<MessagesDropped>().Count.ShouldBe(1, "nothing was dropped since");
        rig.Broker.Statistics.Dropped.ShouldBe(dropped);
    }

    // QoS 1 and 2 wait in the session instead, and come when it reads on.
    [Theory]
    [InlineData(QualityOfService.AtLeastOnce)]
    [InlineData(QualityOfService.ExactlyOnce)]
    public async Task SlowConsumer_KeepsQoS1And2(QualityOfService qos)
    {
        await using var rig = new BrokerRig(options => options with { MaxQueuedBytes = 100 * 1024 });
        var slow = await rig.OpenAsync("slow", window: Window);
        await slow.Client.SubscribeAsync("t");
        var publisher = await rig.ConnectAsync("p");
        var payload = new string('x', 4000);
        for (var i = 0; i < 20; i++)
        {
            await publisher.PublishAsync("t", $"{i:000}{payload}", qos);
        }

        for (var i = 0; i < 20; i++)
        {
            await slow.Client.ExpectPublishAsync("t", $"{i:000}{payload}");
        }

        rig.Broker.Counters.Dropped.ShouldBe(0);
    }

    // A bug that shows while the backlog is sent, on whatever thread that is, must be logged and reported as one.
    [Fact]
    public async Task Delivery_ThatFailsAfterABacklog_CrashesItsOwnConnectionAlone()
    {
        await using var rig = new BrokerRig(options => options with { MaxQueuedBytes = 100 * 1024 });
        var slow = await rig.OpenAsync("slow", change: BrokerRig.Lasting, window: Window);
        await slow.Client.SubscribeAsync("t");
        var publisher = await rig.ConnectAsync("p");
        for (var i = 0; i < 20; i++)
        {
            await publisher.PublishAsync("t", new string('x', 4000), QualityOfService.AtLeastOnce);
        }

        var bug = new InvalidOperationException("a bug");
        rig.Store.PuttingDelivery = () => throw bug;
        await Eventually.CompletesAsync("the client reads to the end", slow.Client.Stream.CopyToAsync(Stream.Null, TestContext.Current.CancellationToken));

        await slow.ExpectCrashAsync(bug);
        rig.Store.PuttingDelivery = () => { };
        (await publisher.PublishAsync("t", "more", QualityOfService.AtLeastOnce)).ShouldBe(ReasonCode.Success);
    }

    [Theory]
    [InlineData(4, "count")]
    [InlineData(5, "count")]
    [InlineData(5, "bytes")]
    public async Task OfflineQueue_IsBoundedAndKeepsTheOldest(int version, string limit)
    {
        await using var rig = new BrokerRig(options => limit == "count"
            ? options with { MaxQueuedMessages = 5 }
            : options with { MaxQueuedBytes = 5 * 1200 });
        var away = await rig.OpenAsync("away", version, BrokerRig.Lasting);
        await away.Client.SubscribeAsync("t");
        await away.DisconnectAsync();
        var publisher = await rig.ConnectAsync("p", version);
        var payload = new string('x', 1000);
        for (var i = 0; i < 9; i++)
        {
            await publisher.PublishAsync("t", $"{i}{payload}", QualityOfService.AtLeastOnce);
            await publisher.PublishAsync("t", "QoS 0 is not for those who are away");
        }

        rig.Broker.Counters.DroppedReliable.ShouldBe(4);
        rig.Broker.Counters.DroppedQoS0.ShouldBe(0);
        var client = await rig.ConnectAsync("away", version, BrokerRig.Lasting);
        for (var i = 0; i < 5; i++)
        {
            var message = await client.ExpectPublishAsync("t", $"{i}{payload}");
            await client.AckAsync(PacketType.PubAck, message.PacketId);
        }

        await client.ExpectNothingAsync();
        await publisher.PublishAsync("t", "room again", QualityOfService.AtLeastOnce);
        await client.ExpectPublishAsync("t", "room again");
        rig.Advance(1);
        rig.Events.Of<MessagesDropped>().ShouldBe([new MessagesDropped("away", 4)]);
    }

    // All memory comes back.
    [Fact]
    public async Task Memory_WhenEverythingIsDeliveredOrOver_IsAllGivenBack()
    {
        await using var rig = new BrokerRig();
        var used = rig.Broker.Budget.Used;
        var publisher = await rig.OpenAsync("p");
        var reader = await rig.OpenAsync("reader", change: BrokerRig.Lasting);
        await reader.Client.SubscribeAsync("#");
        var away = await rig.OpenAsync("away", change: BrokerRig.Lasting);
        await away.Client.SubscribeAsync("#");
        await away.LoseAsync();
        foreach (var qos in new[] { QualityOfService.AtMostOnce, QualityOfService.AtLeastOnce, QualityOfService.ExactlyOnce })
        {
            await publisher.Client.PublishAsync("t", new string('x', 10_000), qos, retain: true);
            var message = await reader.Client.ExpectAsync<ReceivedPublish>();
            if (qos == QualityOfService.AtLeastOnce)
            {
                await reader.Client.AckAsync(PacketType.PubAck, message.PacketId);
            }
        }

        rig.Broker.Budget.Used.ShouldBeGreaterThan(used + 20_000);
        await reader.LoseAsync();
        await rig.ConnectAsync("reader");
        await rig.ConnectAsync("away");
        await publisher.Client.PublishAsync("t", "", retain: true);
        foreach (var connection in new[] { publisher })
        {
            await connection.DisconnectAsync();
        }

        await Eventually.BecomesAsync("the buffers come back", () => rig.Broker.Budget.Used, left => left <= used);
    }

    [Fact]
    public async Task MemoryCeiling_MakesPublishersWaitUntilThereIsRoom()
    {
        await using var rig = new BrokerRig(options => options with { MemoryLimit = 1_000_000 });
        var publisher = await rig.ConnectAsync("p");
        await publisher.PingAsync();
        rig.Broker.Budget.Take(1_000_000);
        var publishing = publisher.PublishAsync("t", "1", QualityOfService.AtLeastOnce);
        await Eventually.HoldsAsync("the publisher waits", () => rig.Clock.Time.ArmedTimers == 1);
        publishing.IsCompleted.ShouldBeFalse();
        rig.Broker.Budget.Return(500_000);
        (await publishing).ShouldBe(ReasonCode.NoMatchingSubscribers);
        rig.Broker.Counters.Dropped.ShouldBe(0);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task MemoryCeiling_OutOfPatience_RefusesTheMessages(int version)
    {
        await using var rig = new BrokerRig(options => options with { MemoryLimit = 1_000_000, MemoryPatience = TimeSpan.FromSeconds(5) });
        var watcher = await rig.ConnectAsync("w");
        await watcher.SubscribeAsync("#", QualityOfService.AtMostOnce);
        var publisher = await rig.OpenAsync("p", version);
        rig.Broker.Budget.Take(1_000_000);
        await publisher.Client.SendAsync(
            publisher.Client.Publish("t", "0"),
            publisher.Client.Publish("t", "1", QualityOfService.AtLeastOnce, 1),
            publisher.Client.Publish("t", "2", QualityOfService.ExactlyOnce, 2));
        await Eventually.HoldsAsync("the publisher waits", () => rig.Clock.Time.ArmedTimers == 1);
        rig.Advance(5.1);
        if (version == 5)
        {
            (await publisher.Client.ExpectAckAsync(PacketType.PubAck, 1)).ShouldBe(ReasonCode.QuotaExceeded);
            (await publisher.Client.ExpectAckAsync(PacketType.PubRec, 2)).ShouldBe(ReasonCode.QuotaExceeded);
            rig.Broker.Counters.Dropped.ShouldBe(3);
            rig.Broker.Budget.Return(1_000_000);
            await publisher.Client.SendAsync(publisher.Client.Publish("t", "again", QualityOfService.ExactlyOnce, 2));
            (await publisher.Client.ExpectAckAsync(PacketType.PubRec, 2)).ShouldBe(ReasonCode.Success);
            await watcher.ExpectPublishAsync("t", "again");
        }
        else
        {
            await publisher.Client.ExpectEndAsync();
            publisher.Closing.ShouldBe(CloseReason.OutOfMemory);
            rig.Broker.Budget.Return(1_000_000);
        }

        await watcher.ExpectNothingAsync();
    }

    // A message that was taken before is not refused when it comes again: it has been delivered.
    [Fact]
    public async Task MemoryCeiling_AndAQoS2MessageThatCameBefore_AcknowledgesIt()
    {
        await using var rig = new BrokerRig(options => options with { MemoryLimit = 1_000_000 });
        var publisher = await rig.ConnectAsync("p");
        await publisher.SendAsync(publisher.Publish("t", "1", QualityOfService.ExactlyOnce, 1));
        await publisher.ExpectAckAsync(PacketType.PubRec, 1);
        rig.Broker.Budget.Take(1_000_000);
        await publisher.SendAsync(publisher.Publish("t", "1", QualityOfService.ExactlyOnce, 1, dup: true));
        await Eventually.HoldsAsync("the publisher waits", () => rig.Clock.Time.ArmedTimers == 1);
        rig.Advance(6);
        (await publisher.ExpectAckAsync(PacketType.PubRec, 1)).ShouldBe(ReasonCode.Success);
        rig.Broker.Budget.Return(1_000_000);
        await publisher.AckAsync(PacketType.PubRel, 1);
        (await publisher.ExpectAckAsync(PacketType.PubComp, 1)).ShouldBe(ReasonCode.Success);
    }

    // The broker is the one who does not read: that must not cost the client its connection.
    [Fact]
    public async Task MemoryCeiling_WhileAPublisherWaits_DoesNotCountAsItsSilence()
    {
        await using var rig = new BrokerRig(options => options with { MemoryLimit = 1_000_000, MemoryPatience = TimeSpan.FromSeconds(60) });
        var publisher = await rig.OpenAsync("p", change: connect => connect with { KeepAlive = 10 });
        rig.Broker.Budget.Take(1_000_000);
        await publisher.Client.SendAsync(publisher.Client.Publish("t", "1", QualityOfService.AtLeastOnce, 1), new byte[] { 0xC0, 0 });
        await Eventually.HoldsAsync("the publisher waits", () => rig.Clock.Time.ArmedTimers == 1);
        rig.Advance(30);
        publisher.Closing.ShouldBeNull();
        rig.Broker.Budget.Return(1_000_000);
        await publisher.Client.ExpectAckAsync(PacketType.PubAck, 1);
        (await publisher.Client.ExpectAsync<PacketType>()).ShouldBe(PacketType.PingResp);
        rig.Advance(14);
        publisher.Closing.ShouldBeNull("its time begins anew");
        rig.Advance(2);
        await publisher.Client.ExpectClosedAsync(ReasonCode.KeepAliveTimeout);
    }

    // Answers cannot be dropped; so who does not read them is not read from.
    [Fact]
    public async Task Answers_ThatNobodyReads_StopTheReading()
    {
        await using var rig = new BrokerRig(options => options with { MaxQueuedBytes = 64 * 1024 });
        var connection = await rig.OpenAsync("a", window: Window);
        var pings = Enumerable.Repeat(new byte[] { 0xC0, 0 }, 4096).SelectMany(ping => ping).ToArray();
        var sending = Task.Run(
            async () =>
            {
                for (var i = 0; i < 100; i++)
                {
                    await connection.Client.Stream.WriteAsync(pings);
                }
            },
            TestContext.Current.CancellationToken);
        await Eventually.HoldsAsync("the broker reads no more", () => sending.IsCompleted || rig.Broker.Budget.Used > 64 * 1024);
        for (var i = 0; i < 100 * 4096; i++)
        {
            (await connection.Client.ExpectAsync<PacketType>()).ShouldBe(PacketType.PingResp);
            rig.Broker.Budget.Used.ShouldBeLessThan(512 * 1024);
        }

        await sending;
        await connection.Client.ExpectNothingAsync();
    }

    // It does read them in the end: that it was not read from meanwhile must not cost it its connection.
    [Fact]
    public async Task Answers_ThatWaitForTheClient_DoNotCountAsItsSilence()
    {
        await using var rig = new BrokerRig(options => options with { MaxQueuedBytes = 64 * 1024 });
        var connection = await rig.OpenAsync("a", change: connect => connect with { KeepAlive = 10 }, window: Window);
        const int Pings = 100 * 4096;
        var sending = Task.Run(
            async () => await connection.Client.Stream.WriteAsync(Enumerable.Repeat(new byte[] { 0xC0, 0 }, Pings).SelectMany(ping => ping).ToArray()),
            TestContext.Current.CancellationToken);
        await Eventually.HoldsAsync("the broker reads no more", () => IsHeldBack(rig, "a"));
        rig.Advance(30);
        connection.Closing.ShouldBeNull();
        for (var i = 0; i < Pings; i++)
        {
            (await connection.Client.ExpectAsync<PacketType>()).ShouldBe(PacketType.PingResp);
        }

        await sending;
        rig.Advance(14);
        connection.Closing.ShouldBeNull("its time begins anew");
    }

    [Fact]
    public async Task PublishRate_WhileAPublisherWaits_DoesNotCountAsItsSilence()
    {
        await using var rig = new BrokerRig(options => options with { MaxPublishRate = 1 });
        var publisher = await rig.OpenAsync("p", change: connect => connect with { KeepAlive = 1 });
        await publisher.Client.SendAsync(publisher.Client.Publish("t", "1"), publisher.Client.Publish("t", "2"));
        await Eventually.HoldsAsync("the publisher waits", () => IsHeldBack(rig, "p"));
        rig.Broker.Sessions.Find("p")!.Attachment!.Connection.CloseIfSilent(rig.Clock.Time.GetTimestamp() + (60 * rig.Clock.Time.TimestampFrequency));
        publisher.Closing.ShouldBeNull();

        // The reader does not notice that the client goes before its wait is over.
        rig.Advance(2);
    }

    // A store that is slow to commit holds the reader up.
    [Fact]
    public async Task Commit_WhileItLasts_DoesNotCountAsSilence()
    {
        var commit = new TaskCompletionSource();
        await using var rig = new BrokerRig();
        var client = await rig.OpenAsync("a", change: connect => connect with { KeepAlive = 10 });
        rig.Store.Committing = () => commit.Task;
        await client.Client.SendAsync(new byte[] { 0xC0, 0 });
        await Eventually.HoldsAsync("the broker waits for the commit", () => IsHeldBack(rig, "a"));
        rig.Advance(30);
        client.Closing.ShouldBeNull();
        commit.SetResult();
        (await client.Client.ExpectAsync<PacketType>()).ShouldBe(PacketType.PingResp);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task PublishRate_OverTheLimit_IsReadMoreSlowly(int qos)
    {
        await using var rig = new BrokerRig(options => options with { MaxPublishRate = 10 });
        var watcher = await rig.ConnectAsync("w");
        await watcher.SubscribeAsync("t", QualityOfService.AtMostOnce);
        var publisher = await rig.ConnectAsync("p");
        await publisher.SendAsync([.. Enumerable.Range(0, 25).Select(i => (ReadOnlyMemory<byte>)publisher.Publish("t", $"{i}", (QualityOfService)qos, (ushort)(qos == 0 ? 0 : i + 1)))]);
        for (var i = 0; i < 10; i++)
        {
            await watcher.ExpectPublishAsync("t", $"{i}");
        }

        for (var i = 10; i < 25; i++)
        {
            await Eventually.HoldsAsync("the publisher waits", () => rig.Clock.Time.ArmedTimers == 1);
            await watcher.ExpectNothingAsync();
            rig.Advance(0.102);
            await watcher.ExpectPublishAsync("t", $"{i}");
        }
    }

    [Fact]
    public async Task TopicNames_WithoutEnd_DoNotGrowTheListNorFloodTheEvents()
    {
        await using var rig = new BrokerRig(options => options with { MaxTopics = 150, TopicIdle = TimeSpan.FromMinutes(1) });
        var watcher = await rig.ConnectAsync("w");
        await watcher.SubscribeAsync("t/+", QualityOfService.AtMostOnce);
        var publisher = await rig.ConnectAsync("p");
        for (var i = 0; i < 2000; i += 100)
        {
            await publisher.SendAsync([.. Enumerable.Range(i, 100).Select(n => (ReadOnlyMemory<byte>)publisher.Publish($"t/{n}", "x"))]);
            for (var n = i; n < i + 100; n++)
            {
                await watcher.ExpectPublishAsync($"t/{n}", "x");
            }
        }

        rig.Broker.Topics.Count.ShouldBe(150);
        rig.Broker.GetTopics().Count.ShouldBe(150);
        var created = rig.Events.Of<TopicCreated>();
        created.Count.ShouldBe(100, "a burst, and nothing while time stands still");
        await publisher.PublishAsync("t/0", "kept", retain: true);
        rig.Advance(61);
        rig.Broker.GetTopics().ShouldHaveSingleItem().ShouldSatisfyAllConditions(
            topic => topic.Name.ShouldBe("t/0"), topic => topic.IsRetained.ShouldBeTrue(), topic => topic.Subscribers.ShouldBe(1));
        rig.Events.Of<TopicRemoved>().Select(removed => removed.Topic).ShouldBe(
            created.Select(topic => topic.Topic).Where(topic => topic != "t/0"), ignoreOrder: true, "each that was told, and no other");
    }

    [Fact]
    public async Task SysTopics_TellWhatTheBrokerCounts()
    {
        await using var rig = new BrokerRig();
        var connection = await rig.OpenAsync("a");
        var client = connection.Client;
        await client.SubscribeAsync("$SYS/broker/+", QualityOfService.AtMostOnce);
        var retained = new[] { await client.ExpectAsync<ReceivedPublish>(), await client.ExpectAsync<ReceivedPublish>() };
        retained.Select(message => (message.Topic, message.Text, message.Retain)).ShouldBe(
            [("$SYS/broker/version", "Cassini 1.2.3", true), ("$SYS/broker/uptime", "0", true)], ignoreOrder: true);
        await client.SubscribeAsync("$SYS/broker/clients/+", QualityOfService.AtMostOnce);
        for (var i = 0; i < 4; i++)
        {
            await client.ExpectAsync<ReceivedPublish>();
        }

        await (await rig.OpenAsync("b", change: BrokerRig.Lasting)).LoseAsync();
        rig.Advance(10);
        await client.ExpectPublishAsync("$SYS/broker/uptime", "10");
        foreach (var (name, value) in new[] { ("connected", "1"), ("disconnected", "1"), ("total", "2"), ("maximum", "2") })
        {
            await client.ExpectPublishAsync($"$SYS/broker/clients/{name}", value);
        }

        await client.ExpectNothingAsync();
        rig.Broker.Topics.Count.ShouldBe(0);
    }

    [Fact]
    public async Task Housekeeping_RunByTheClock_DoesAllOfThis()
    {
        await using var rig = new BrokerRig();
        await (await rig.OpenAsync("a", change: connect => connect with { CleanStart = false, Properties = new PropertySet { SessionExpiryInterval = 2 } })).LoseAsync();
        using var stop = new CancellationTokenSource();
        var running = rig.Broker.RunAsync(stop.Token);
        await Eventually.HoldsAsync("it runs", () => rig.Clock.Time.ArmedTimers == 1);
        rig.Clock.AdvanceBy(TimeSpan.FromSeconds(2.25));
        await rig.Events.WaitForAsync<SessionEnded>("the session expires");
        await stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(running);
    }

    // Our own canary: past the limits, and in no count.
    [Fact]
    public async Task Canary_IsPastTheLimitsAndInNoCount()
    {
        await using var rig = new BrokerRig(options => options with { MaxSessions = 1, MemoryLimit = 1_000_000 });
        var client = await rig.ConnectAsync("a");
        await client.SubscribeAsync("#", QualityOfService.AtMostOnce);
        rig.Broker.Budget.Take(1_000_000);
        var received = rig.Broker.Counters.PacketsReceived;
        var canary = rig.Open(identity: "canary", isProbe: true).Client;
        await canary.ConnectAsync(canary.Connect("a"));
        (await canary.SubscribeAsync("$canary/1", QualityOfService.AtLeastOnce)).ShouldBe(ReasonCode.GrantedQoS1);
        await canary.SendAsync(canary.Publish("$canary/1", "1", QualityOfService.AtLeastOnce, 9));
        object[] both = [await canary.ExpectAsync<object>(), await canary.ExpectAsync<object>()];
        both.OfType<ReceivedPublish>().ShouldHaveSingleItem().Topic.ShouldBe("$canary/1");
        (await canary.SubscribeAsync("#")).ShouldBe(ReasonCode.NotAuthorized);
        rig.Broker.Sessions.Count.ShouldBe(1);
        rig.Broker.Sessions.Open.ShouldBe(1);
        rig.Broker.Topics.Count.ShouldBe(0);
        rig.Broker.Counters.PacketsReceived.ShouldBe(received);
        rig.Events.Of<SessionOpened>().Count.ShouldBe(1);
        rig.Broker.GetSubscriptions("$canary/1").ShouldBeEmpty();
        rig.Broker.Budget.Return(1_000_000);
        await client.ExpectNothingAsync();
    }

    // One packet must not buy the work of hundreds of thousands: a filter counts once, and what is too many is refused.
    [Fact]
    public async Task Subscribe_ToOneFilterOverAndOver_SendsRetainedMessagesOnce()
    {
        await using var rig = new BrokerRig(options => options with { MaxSubscriptions = 50 });
        var client = await rig.ConnectAsync("a");
        await client.PublishAsync("t", "kept", QualityOfService.AtLeastOnce, retain: true);
        var request = new SubscriptionRequest("t", QualityOfService.AtMostOnce, false, false, RetainHandling.Send);

        await client.SendAsync(new SubscribePacket(9, [.. Enumerable.Repeat(request, 2_000)], PropertySet.Empty).Write(ProtocolVersion.V500));

        var answer = await client.ExpectAsync<SubAckPacket>();
        answer.Reasons.Count(reason => reason == ReasonCode.Success).ShouldBe(50);
        answer.Reasons.Count(reason => reason == ReasonCode.QuotaExceeded).ShouldBe(1_950);
        await client.ExpectPublishAsync("t", "kept");
        await client.ExpectNothingAsync();
    }

    [Fact]
    public async Task Subscribe_WithoutMemory_IsRefused()
    {
        await using var rig = new BrokerRig(options => options with { MemoryLimit = 200_000, MaxSubscriptions = 10_000 });
        var client = await rig.ConnectAsync("a");
        var requests = Enumerable.Range(0, 500).Select(i => new SubscriptionRequest(
            $"{i}/{string.Join('/', Enumerable.Repeat("x", 40))}", QualityOfService.AtMostOnce, false, false, RetainHandling.Send));

        await client.SendAsync(new SubscribePacket(9, [.. requests], PropertySet.Empty).Write(ProtocolVersion.V500));

        (await client.ExpectAsync<SubAckPacket>()).Reasons[^1].ShouldBe(ReasonCode.QuotaExceeded);
        rig.Broker.Budget.Used.ShouldBeGreaterThan(100_000);
        await client.SendAsync(new ReasonPacket(PacketType.Disconnect, ReasonCode.Success, PropertySet.Empty).Write(ProtocolVersion.V500));
        await Eventually.BecomesAsync("the memory is given back", () => rig.Broker.Budget.Used, used => used < 50_000);
    }

    private static bool IsHeldBack(BrokerRig rig, string clientId) => ((ClientLink)rig.Broker.Sessions.Find(clientId)!.Attachment!.Connection).IsHeldBack;
}
