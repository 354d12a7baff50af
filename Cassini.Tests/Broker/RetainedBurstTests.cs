using System.Globalization;
using System.Text;
using Cassini.Streams.Broker.Connections;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Mqtt.Properties;
using Cassini.Tests.Support;

namespace Cassini.Tests.Broker;

/// <summary>
/// Many retained messages for a new subscription: all of them, as fast as the client reads and acknowledges [MQTT-3.3.1-9].
/// </summary>
public class RetainedBurstTests
{
    private const int SmallWindow = 16 * 1024;

    [Theory]
    [InlineData(4, 20_000, 1_000, 0)]
    [InlineData(5, 20_000, 1_000, 1)]
    [InlineData(5, 10_000, 2_000, 2)]
    [InlineData(5, 200, 200_000, 0)]
    [InlineData(4, 200, 200_000, 1)]
    public async Task Subscribe_ToMoreThanTheQueuesHold_GetsAll(int version, int count, int size, int qos)
    {
        await using var rig = new BrokerRig();
        await RetainAsync(rig, count, size, (QualityOfService)qos);
        var client = await rig.ConnectAsync("a", version);
        await client.SubscribeAsync("t/#");
        var topics = await ReadAsync(client, count);
        topics.Distinct().Count().ShouldBe(count);
        await client.ExpectNothingAsync();
        rig.Broker.Counters.Dropped.ShouldBe(0);
        rig.Broker.Sessions.Find("a")!.Deliveries.Backlog.ShouldBe(0);
    }

    // Limits far below what matches: only the messages that are being published may be dropped at them.
    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(1, 64)]
    public async Task Subscribe_ToManyOverlappingFilters_GetsAllForEach(int qos, ushort receiveMaximum)
    {
        const int Count = 300;
        await using var rig = new BrokerRig(
            options => options with { MaxQueuedMessages = 3, MaxQueuedBytes = 64 * 1024, MaxPacketSize = 16 * 1024 });
        await RetainAsync(rig, Count, 1_000, (QualityOfService)qos);
        var connection = await rig.OpenAsync(
            "a",
            change: connect => connect with { Properties = new PropertySet { ReceiveMaximum = receiveMaximum } },
            window: SmallWindow);
        string[] filters = ["t/#", "#", "t/+", "+/+", "t/7"];
        await connection.Client.SubscribeAsync(
            [.. filters.Select(filter => new SubscriptionRequest(filter, QualityOfService.ExactlyOnce, false, false, RetainHandling.Send))],
            PropertySet.Empty);

        var topics = await ReadAsync(connection.Client, (4 * Count) + 1);

        topics.CountBy(topic => topic).ShouldAllBe(topic => topic.Value == (topic.Key == "t/7" ? 5 : 4));
        await connection.Client.ExpectNothingAsync();
        rig.Broker.Counters.Dropped.ShouldBe(0);
    }

    // However many match: the client gets the first ones, and what waits for it is small.
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Subscribe_ClientDoesNotRead_TakesLittleMemory(int qos)
    {
        await using var rig = new BrokerRig();
        await RetainAsync(rig, 20_000, 1_000, (QualityOfService)qos);
        var before = rig.Broker.Budget.Used;
        var connection = await rig.OpenAsync("a", window: SmallWindow);
        await connection.Client.SubscribeAsync("t/#");
        await Eventually.HoldsAsync("it is behind", () => rig.Broker.Sessions.Find("a")!.Attachment!.Outbox.Messages > 100);
        (rig.Broker.Budget.Used - before).ShouldBeLessThan(1_000_000);
        (await ReadAsync(connection.Client, 20_000)).ShouldBeUnique();
    }

    // A memory that is exhausted slows the burst down, and drops nothing of it.
    [Fact]
    public async Task Subscribe_MemoryIsExhausted_GetsAll()
    {
        await using var rig = new BrokerRig();
        await RetainAsync(rig, 200, 20_000, QualityOfService.AtMostOnce);
        var connection = await rig.OpenAsync("a", window: SmallWindow);
        await connection.Client.SubscribeAsync("t/#", QualityOfService.AtMostOnce);
        while (!rig.Broker.Budget.IsExhausted)
        {
            rig.Broker.Budget.Take(int.MaxValue);
        }

        (await ReadAsync(connection.Client, 200)).ShouldBeUnique();
        rig.Broker.Counters.Dropped.ShouldBe(0);
    }

    // The retained one first, whatever their QoS: a client must not end with the older value.
    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 1)]
    [InlineData(1, 0)]
    [InlineData(1, 1)]
    [InlineData(2, 0)]
    public async Task NewerMessage_OfATopicWhoseRetainedOneIsStillToCome_ComesAfterIt(int retainedQoS, int newerQoS)
    {
        const int Count = 2_000;
        await using var rig = new BrokerRig();
        await RetainAsync(rig, Count, 1_000, (QualityOfService)retainedQoS);
        var connection = await rig.OpenAsync(
            "a", change: connect => connect with { Properties = new PropertySet { ReceiveMaximum = 10 } }, window: SmallWindow);
        await connection.Client.SubscribeAsync("t/#");
        await rig.Broker.PublishAsync(Message("t/1999", "new", (QualityOfService)newerQoS, retain: false));
        await rig.Broker.PublishAsync(Message("t/1999", "newer", QualityOfService.AtMostOnce, retain: false));
        await rig.Broker.PublishAsync(Message("t/1998", "new", QualityOfService.AtMostOnce, retain: false));

        var seen = await ReadMessagesAsync(connection.Client, Count + 3);

        seen.Where(message => message.Topic == "t/1999" && message.QoS == QualityOfService.AtMostOnce && !message.Retain)
            .Last().Text.ShouldBe("newer");
        seen.Where(message => message.Topic == "t/1999").Select(message => message.Retain).ShouldBe([true, false, false]);
        seen.Where(message => message.Topic == "t/1998").Select(message => message.Retain).ShouldBe([true, false]);
        seen.Where(message => message.Retain).Select(message => message.Topic).ShouldBeUnique();
        await connection.Client.ExpectNothingAsync();
        rig.Broker.Counters.Dropped.ShouldBe(0);
        await Eventually.HoldsAsync("QoS 0 goes its usual way again", () => !rig.Broker.Sessions.Find("a")!.Deliveries.KeepsOrder);
    }

    [Theory]
    [InlineData("newer")]
    [InlineData("")]
    public async Task Retained_ReplacedOrRemovedBeforeItsTurn_ComesOnlyAsTheNewerOne(string newer)
    {
        const int Count = 2_000;
        await using var rig = new BrokerRig();
        await RetainAsync(rig, Count, 1_000, QualityOfService.AtLeastOnce);
        var connection = await rig.OpenAsync(
            "a", change: connect => connect with { Properties = new PropertySet { ReceiveMaximum = 10 } }, window: SmallWindow);
        await connection.Client.SubscribeAsync("t/#");
        await rig.Broker.PublishAsync(Message("t/1500", newer, QualityOfService.AtLeastOnce));

        var seen = await ReadMessagesAsync(connection.Client, Count);

        var last = seen.Where(message => message.Topic == "t/1500").ShouldHaveSingleItem();
        (last.Text, last.Retain).ShouldBe((newer, false));
        await connection.Client.ExpectNothingAsync();
    }

    // [MQTT-3.10.4-2]
    [Fact]
    public async Task Unsubscribe_BeforeAllHaveCome_EndsTheBurst()
    {
        await using var rig = new BrokerRig();
        await RetainAsync(rig, 5_000, 1_000, QualityOfService.AtLeastOnce);
        var connection = await rig.OpenAsync(
            "a", change: connect => connect with { Properties = new PropertySet { ReceiveMaximum = 10 } }, window: SmallWindow);
        await connection.Client.SubscribeAsync("t/#");
        await connection.Client.SendAsync(new UnsubscribePacket(9, ["t/#"], PropertySet.Empty).Write(ProtocolVersion.V500));
        var messages = 0;
        while (await connection.Client.ReadAsync("the UNSUBACK comes") is not SubAckPacket)
        {
            messages++;
        }

        messages.ShouldBe(10, "what was in flight");
        await connection.Client.ExpectNothingAsync();
        var session = rig.Broker.Sessions.Find("a")!;
        session.Deliveries.Backlog.ShouldBe(10);
        await connection.Client.AckAsync(PacketType.PubAck, 1);
        await connection.Client.ExpectNothingAsync();
    }

    // [MQTT-3.8.4-3]: all are sent again, and what was still to come of the first is among them.
    [Fact]
    public async Task Subscribe_AgainBeforeAllHaveCome_BeginsAnewAndEnds()
    {
        const int Count = 2_000;
        await using var rig = new BrokerRig();
        await RetainAsync(rig, Count, 1_000, QualityOfService.AtLeastOnce);
        var connection = await rig.OpenAsync(
            "a", change: connect => connect with { Properties = new PropertySet { ReceiveMaximum = 10 } }, window: SmallWindow);
        await connection.Client.SubscribeAsync("t/#", QualityOfService.AtLeastOnce);
        await connection.Client.SendAsync(
            new SubscribePacket(9, [Request("t/#", QualityOfService.AtLeastOnce)], PropertySet.Empty).Write(ProtocolVersion.V500));

        var seen = await ReadAsync(connection.Client, Count + 10, isAnswered: true);

        seen.Distinct().Count().ShouldBe(Count);
        await connection.Client.ExpectNothingAsync();
    }

    [Fact]
    public async Task Subscribe_Again_GetsAlsoWhatWasRetainedSince()
    {
        await using var rig = new BrokerRig();
        await RetainAsync(rig, 1, 10, QualityOfService.AtMostOnce);
        var client = await rig.ConnectAsync("a");
        await client.SubscribeAsync("t/#");
        (await ReadMessagesAsync(client, 1)).ShouldAllBe(message => message.Retain);
        await rig.Broker.PublishAsync(Message("t/1", "new"));
        (await ReadMessagesAsync(client, 1)).ShouldAllBe(message => !message.Retain);

        await client.SubscribeAsync("t/#");

        var again = await ReadMessagesAsync(client, 2);
        again.Select(message => message.Topic).ShouldBe(["t/0", "t/1"]);
        again.ShouldAllBe(message => message.Retain);
        await client.ExpectNothingAsync();
    }

    // QoS 0 messages that wait for a retained one go with the connection; that one stays.
    [Fact]
    public async Task NewerMessageOfQoS0_ThatWaitsWhenTheConnectionIsLost_IsNotSentLater()
    {
        await using var rig = new BrokerRig();
        await RetainAsync(rig, 2, 10, QualityOfService.AtLeastOnce);
        var first = await rig.OpenAsync(
            "a", change: connect => connect with { Properties = new PropertySet { SessionExpiryInterval = 3600, ReceiveMaximum = 1 } });
        await first.Client.SubscribeAsync("t/#");
        await first.Client.ExpectAsync<ReceivedPublish>();
        await rig.Broker.PublishAsync(Message("t/1", "new", retain: false));
        rig.Broker.Sessions.Find("a")!.Deliveries.Backlog.ShouldBeGreaterThan(2, "the retained one waits, and the newer one behind it");
        await first.LoseAsync();

        var second = await rig.OpenAsync("a", change: BrokerRig.Lasting);

        (await ReadMessagesAsync(second.Client, 2)).ShouldAllBe(message => message.Retain);
        await second.Client.ExpectNothingAsync();
    }

    [Fact]
    public async Task Session_TakenOverBeforeAllHaveCome_GetsTheRestOnItsNextConnection()
    {
        const int Count = 3_000;
        await using var rig = new BrokerRig();
        await RetainAsync(rig, Count, 1_000, QualityOfService.AtLeastOnce);
        var first = await rig.OpenAsync(
            "a",
            change: connect => connect with { Properties = new PropertySet { SessionExpiryInterval = 3600, ReceiveMaximum = 10 } },
            window: SmallWindow);
        await first.Client.SubscribeAsync("t/#");
        var seen = await ReadAsync(first.Client, 100);
        for (var i = 0; i < 10; i++)
        {
            await first.Client.ExpectAsync<ReceivedPublish>();
        }

        var second = await rig.OpenAsync("a", change: BrokerRig.Lasting, window: SmallWindow);
        var rest = await ReadMessagesAsync(second.Client, Count - 100);

        seen.Concat(rest.Select(message => message.Topic)).Distinct().Count().ShouldBe(Count);
        await second.Client.ExpectNothingAsync();
    }

    // The connection that asked for them has lost the session before it answers: the session is to get them all the same.
    [Fact]
    public async Task Session_TakenOverBeforeTheSubAck_GetsThemOnItsNextConnection()
    {
        await using var rig = new BrokerRig();
        await RetainAsync(rig, 3, 10, QualityOfService.AtMostOnce);
        var first = await rig.OpenAsync("a", change: BrokerRig.Lasting);
        var commit = new TaskCompletionSource();
        rig.Store.Committing = () => commit.Task;
        await first.Client.SendAsync(
            new SubscribePacket(9, [Request("t/#", QualityOfService.AtMostOnce)], PropertySet.Empty).Write(ProtocolVersion.V500));
        await Eventually.HoldsAsync("it has subscribed", () => rig.Broker.Sessions.Find("a")!.Subscriptions.Count == 1);
        var opening = rig.OpenAsync("a", change: BrokerRig.Lasting);
        await Eventually.HoldsAsync("the next connection has it", () => rig.Broker.Sessions.Find("a")!.Attachment is { } attachment
            && ((ClientLink)attachment.Connection).Connection.Transport != first.Transport);
        commit.TrySetResult();
        var second = await opening;

        (await ReadAsync(second.Client, 3)).ShouldBeUnique();
        await Eventually.HoldsAsync("none is to come", () => rig.Broker.Sessions.Find("a")!.Deliveries.Backlog == 0);
    }

    // Limits are for what is being published: it is dropped, and the retained message, which would have to come before it, comes later.
    [Theory]
    [InlineData(0, 300)]
    [InlineData(1, 200)]
    public async Task NewerMessage_ThatIsDropped_CostsNoRetainedOne(int newerQoS, int atLeast)
    {
        const int Count = 300;
        await using var rig = new BrokerRig(
            options => options with { MaxQueuedMessages = 3, MaxQueuedBytes = 64 * 1024, MaxPacketSize = 16 * 1024 });
        await RetainAsync(rig, Count, 1_000, QualityOfService.AtMostOnce);
        var connection = await rig.OpenAsync("a", window: SmallWindow);
        await connection.Client.SubscribeAsync("t/#");
        for (var i = 0; i < Count; i++)
        {
            var topic = $"t/{i.ToString(CultureInfo.InvariantCulture)}";
            await rig.Broker.PublishAsync(Message(topic, "new", (QualityOfService)newerQoS, retain: false));
        }

        List<string> retained = [];
        for (var isOver = false; !isOver;)
        {
            isOver = rig.Broker.Sessions.Find("a")!.Deliveries.Backlog == 0;
            await connection.Client.SendAsync(new byte[] { (byte)PacketType.PingReq << 4, 0 });
            while (await connection.Client.ReadAsync("the PINGRESP comes, or a message") is ReceivedPublish message)
            {
                await AcknowledgeAsync(connection.Client, message);
                retained.AddRange(message.Retain ? [message.Topic] : []);
            }
        }

        retained.ShouldBeUnique();
        retained.Count.ShouldBeGreaterThanOrEqualTo(atLeast);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Session_EndedBeforeAllHaveCome_LeavesNothing(bool isTakenOver)
    {
        await using var rig = new BrokerRig();
        var empty = rig.Broker.Budget.Used;
        await RetainAsync(rig, 3_000, 1_000, QualityOfService.AtLeastOnce);
        var before = rig.Broker.Budget.Used;
        var first = await rig.OpenAsync("a", window: SmallWindow);
        await first.Client.SubscribeAsync("t/#");
        await ReadAsync(first.Client, 100);
        if (isTakenOver)
        {
            var second = await rig.OpenAsync("a");
            await second.Client.ExpectNothingAsync();
            await second.CloseAsync();
            await Eventually.CompletesAsync(
                "the first client reads to the end", first.Client.Stream.CopyToAsync(Stream.Null, TestContext.Current.CancellationToken));
        }
        else
        {
            await first.LoseAsync();
        }

        await Eventually.CompletesAsync("the first connection ends", first.Served);
        rig.Broker.Budget.Used.ShouldBe(before);
        before.ShouldBeGreaterThan(empty);
    }

    // The broker must go on with others meanwhile, and the publisher that meets the burst too.
    [Fact]
    public async Task Subscribe_ByAClientThatDoesNotRead_HoldsUpNobody()
    {
        await using var rig = new BrokerRig();
        await RetainAsync(rig, 2_000, 1_000, QualityOfService.AtMostOnce);
        var slow = await rig.OpenAsync("slow", window: SmallWindow);
        await slow.Client.SubscribeAsync("t/#");
        var publisher = await rig.ConnectAsync("p");
        for (var i = 0; i < 100; i++)
        {
            await publisher.PublishAsync($"t/{i}", "new", QualityOfService.AtLeastOnce, retain: i % 2 == 0);
        }

        var quick = await rig.ConnectAsync("quick");
        await quick.SubscribeAsync("t/#");
        (await ReadAsync(quick, 2_000)).ShouldBeUnique();
    }

    private static SubscriptionRequest Request(string filter, QualityOfService qos) => new(filter, qos, false, false, RetainHandling.Send);

    private static MqttMessage Message(
        string topic, string text, QualityOfService qos = QualityOfService.AtMostOnce, bool retain = true) =>
        new() { Topic = topic, Payload = Encoding.UTF8.GetBytes(text), Retain = retain, QoS = qos };

    private static async Task RetainAsync(BrokerRig rig, int count, int size, QualityOfService qos)
    {
        var payload = new byte[size];
        for (var i = 0; i < count; i++)
        {
            var topic = $"t/{i.ToString(CultureInfo.InvariantCulture)}";
            await rig.Broker.PublishAsync(new MqttMessage { Topic = topic, Payload = payload, Retain = true, QoS = qos });
        }
    }

    private static async Task<List<string>> ReadAsync(MqttTestClient client, int count, bool isAnswered = false) =>
        [.. (await ReadMessagesAsync(client, count, isAnswered)).Select(message => message.Topic)];

    /// <summary>Reads messages and acknowledges each at once.</summary>
    private static async Task<List<ReceivedPublish>> ReadMessagesAsync(MqttTestClient client, int count, bool isAnswered = false)
    {
        var seen = new List<ReceivedPublish>(count);
        var unreleased = 0;
        while (seen.Count < count || unreleased > 0)
        {
            switch (await client.ReadAsync($"message {seen.Count + 1} of {count} comes"))
            {
                case ReceivedPublish message:
                    seen.Add(message);
                    unreleased += message.QoS == QualityOfService.ExactlyOnce ? 1 : 0;
                    await AcknowledgeAsync(client, message);
                    break;
                case AckPacket { Type: PacketType.PubRel } released:
                    unreleased--;
                    await client.AckAsync(PacketType.PubComp, released.PacketId);
                    break;
                case SubAckPacket when isAnswered:
                    break;
                case var other:
                    throw new InvalidOperationException($"A message was to come, but it is {other}.");
            }
        }

        return seen;
    }

    private static Task AcknowledgeAsync(MqttTestClient client, ReceivedPublish message) => message.QoS switch
    {
        QualityOfService.AtLeastOnce => client.AckAsync(PacketType.PubAck, message.PacketId),
        QualityOfService.ExactlyOnce => client.AckAsync(PacketType.PubRec, message.PacketId),
        _ => Task.CompletedTask,
    };
}
