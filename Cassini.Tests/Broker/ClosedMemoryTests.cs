using System.Text;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Mqtt.Properties;
using Cassini.Streams.Quotas;
using Cassini.Tests.Support;

namespace Cassini.Tests.Broker;

/// <summary>
/// An identity has its whole share of the memory and goes on, in every way that takes some: it gets no more than what is bounded by
/// something else. But it can still give memory back.
/// </summary>
public sealed class ClosedMemoryTests : IAsyncDisposable
{
    private const long Limit = 8 * 1024 * 1024;
    private const string Mallory = "mallory";

    /// <summary>What a connection may take all the same: a buffer to read with, 4 KiB of answers, and one message.</summary>
    private const int OfConnection = 48 * 1024;

    /// <summary>What a session takes that holds nothing: the share of the sessions bounds their number.</summary>
    private const int OfSession = 2_048;

    private static readonly string Long = new('x', 990);

    private readonly BrokerRig _rig = new(
        options => options with { MemoryLimit = Limit, MemoryPatience = TimeSpan.FromSeconds(1), MaxTopics = 1 },
        quota: QuotaOptions.Whole with { Memory = Share.Percent(25) });

    private AccountMemory Memory => _rig.Broker.Budget.Of(_rig.Accounts.Open(Mallory));

    [Theory]
    [InlineData("QoS 2 identifiers", OfConnection)]
    [InlineData("topic aliases of removals", OfConnection)]
    [InlineData("topic aliases of refused messages", OfConnection)]
    [InlineData("cached topics", OfConnection)]
    [InlineData("settled retained messages", OfConnection)]
    [InlineData("subscriptions", OfConnection)]
    [InlineData("subscriptions made again", OfConnection)]
    [InlineData("messages not read", OfConnection)]
    [InlineData("messages not acknowledged", OfConnection)]
    [InlineData("messages for an absent client", 0)]
    [InlineData("retained messages", OfConnection)]
    [InlineData("answers not read", OfConnection)]
    [InlineData("packets begun", 5 * OfConnection)]
    [InlineData("sessions", 20 * OfSession)]
    [InlineData("wills", 0)]
    public async Task Closed_AndGoesOn_TakesNoMoreThanIsBoundedOtherwise(string way, int bound)
    {
        var attack = await PrepareAsync(way);
        Close();
        var closedAt = Memory.Held;

        await attack();

        (Memory.Held - closedAt).ShouldBeLessThanOrEqualTo(bound);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Closed_AcknowledgesAndRemoves_GivesMemoryBack(int version)
    {
        var client = await _rig.ConnectAsync("a", version, identity: Mallory);
        await client.SubscribeAsync("s", QualityOfService.AtLeastOnce);
        await client.PublishAsync("r/0", "kept", QualityOfService.AtLeastOnce, retain: true);
        await client.PublishAsync("r/1", "kept", QualityOfService.AtLeastOnce, retain: true);
        await client.SendAsync(client.Publish("t", "1", QualityOfService.ExactlyOnce, 7));
        await client.ExpectAckAsync(PacketType.PubRec, 7);
        await _rig.Broker.PublishAsync(Message("s", "1", QualityOfService.AtLeastOnce));
        var received = await client.ExpectAsync<ReceivedPublish>();
        await client.PingAsync();
        Close();
        var before = Memory.Held;

        // No time passes, so nothing of this waits for memory.
        await client.PublishAsync("r/0", "", QualityOfService.AtMostOnce, retain: true);
        await client.PublishAsync("r/1", "", QualityOfService.AtLeastOnce, retain: true);
        _rig.Broker.Retained.Count.ShouldBe(0);
        await client.AckAsync(PacketType.PubAck, received.PacketId);
        await client.AckAsync(PacketType.PubRel, 7);
        await client.ExpectAckAsync(PacketType.PubComp, 7);
        await client.UnsubscribeAsync("s");

        await Eventually.BecomesAsync("memory is given back", () => Memory.Held, held => held < before - 2_000);
    }

    // With QoS 2 the removal needs an identifier, which it might never release.
    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Closed_RemovesARetainedMessageWithQoS2_IsRefused(int version)
    {
        var connection = await _rig.OpenAsync("a", version, identity: Mallory);
        await connection.Client.PublishAsync("r", "kept", QualityOfService.AtLeastOnce, retain: true);
        Close();

        await connection.Client.SendAsync(connection.Client.Publish("r", "", QualityOfService.ExactlyOnce, 7, retain: true));
        await WaitInVainAsync(connection);

        if (version == 5)
        {
            (await connection.Client.ExpectAckAsync(PacketType.PubRec, 7)).ShouldBe(ReasonCode.QuotaExceeded);
        }
        else
        {
            await connection.Client.ExpectEndAsync();
            connection.Closing.ShouldBe(CloseReason.OutOfMemory);
        }

        _rig.Broker.Retained.Count.ShouldBe(1);
    }

    public ValueTask DisposeAsync() => _rig.DisposeAsync();

    private static MqttMessage Message(
        string topic, string text, QualityOfService qos = QualityOfService.AtMostOnce, bool retain = false) =>
        new() { Topic = topic, Payload = Encoding.UTF8.GetBytes(text), Retain = retain, QoS = qos };

    private static byte[] Subscribe(int filters) => new SubscribePacket(
        1,
        [
            .. Enumerable.Range(0, filters)
                .Select(i => new SubscriptionRequest($"{Long}/{i}/#", QualityOfService.AtLeastOnce, false, false, RetainHandling.Send)),
        ],
        PropertySet.Empty).Write(ProtocolVersion.V500);

    /// <summary>It has its share from now on, also when a reader gives its buffer back.</summary>
    private void Close()
    {
        Memory.Take(Memory.Share);
        (Memory.IsClosed, Memory.IsOverShare).ShouldBe((true, true));
    }

    /// <returns>What it does once its share is used up.</returns>
    private async Task<Func<Task>> PrepareAsync(string way)
    {
        var window = way.EndsWith("read", StringComparison.Ordinal) ? 1_024 : 65_536;
        var connection = await _rig.OpenAsync("a", change: BrokerRig.Lasting, identity: Mallory, window: window);
        var client = connection.Client;
        switch (way)
        {
            case "QoS 2 identifiers":
                return () => HandledAsync(connection, 4_000, i => client.Publish(
                    "t", "", QualityOfService.ExactlyOnce, (ushort)(i + 1), retain: true));
            case "topic aliases of removals":
                return () => HandledAsync(connection, 64, i => client.Publish($"{Long}/{i}", "", retain: true, alias: (ushort)(i + 1)));
            case "topic aliases of refused messages":
                return () => HandledAsync(connection, 64, i => client.Publish($"{Long}/{i}", "1", alias: (ushort)(i + 1)));
            case "cached topics":
                return () => HandledAsync(connection, 1_000, i => client.Publish($"{Long}/{i}", "", retain: true));
            case "settled retained messages":
                await PrepareSettledAsync();
                return async () =>
                {
                    for (var i = 0; i < 1_000; i++)
                    {
                        await _rig.Broker.PublishAsync(Message($"t/{i}", "new"));
                    }
                };
            case "subscriptions":
                return () => HandledAsync(connection, 10, _ => Subscribe(60));
            case "subscriptions made again":
                await client.SendAsync(Subscribe(60));
                await client.ExpectAsync<SubAckPacket>();
                return () => HandledAsync(connection, 10, _ => Subscribe(60));
            case "messages not read":
                await client.SubscribeAsync("t", QualityOfService.AtMostOnce);
                return () => PublishAsync(QualityOfService.AtMostOnce);
            case "messages not acknowledged":
                await client.SubscribeAsync("t", QualityOfService.AtLeastOnce);
                return () => PublishAsync(QualityOfService.AtLeastOnce);
            case "messages for an absent client":
                await client.SubscribeAsync("t", QualityOfService.AtLeastOnce);
                await connection.LoseAsync();
                return () => PublishAsync(QualityOfService.AtLeastOnce);
            case "retained messages":
                return () => HandledAsync(connection, 300, i => client.Publish($"t/{i}", new string('x', 1_000), retain: true));
            case "answers not read":
                return async () =>
                {
                    await Task.WhenAny(Task.Run(() => HandledAsync(connection, 100_000, _ => [0xC0, 0])), Eventually.HoldsAsync(
                        "nothing is read any more", () => _rig.Broker.Sessions.Find("a")!.Attachment!.Outbox.IsOverLimit));
                };
            case "packets begun":
                return () => BeginPacketsAsync();
            case "sessions":
                await connection.LoseAsync();
                return () => ConnectAsync(20, BrokerRig.Lasting);
            default:
                await connection.LoseAsync();
                return () => ConnectAsync(20, connect => BrokerRig.WithWill(connect, topic: Long, delay: 60));
        }
    }

    /// <summary>A client stands still in the midst of its retained messages, which are too large for it.</summary>
    private async Task PrepareSettledAsync()
    {
        await _rig.Broker.PublishAsync(Message("first", "1", QualityOfService.AtLeastOnce, retain: true));
        await _rig.Broker.PublishAsync(Message("second", "1", QualityOfService.AtLeastOnce, retain: true));
        for (var i = 0; i < 1_000; i++)
        {
            await _rig.Broker.PublishAsync(Message($"t/{i}", Long, retain: true));
        }

        var client = await _rig.ConnectAsync(
            "stuck", identity: Mallory,
            change: connect => connect with { Properties = new PropertySet { ReceiveMaximum = 1, MaximumPacketSize = 200 } });
        await client.SubscribeAsync("#");
        await client.ExpectPublishAsync("first", "1");
    }

    private async Task PublishAsync(QualityOfService qos)
    {
        for (var i = 0; i < 300; i++)
        {
            await _rig.Broker.PublishAsync(Message("t", new string('x', 1_000), qos));
        }
    }

    private async Task BeginPacketsAsync()
    {
        byte[] begun = [0x30, 0xF0, 0xFF, 0x3F, .. new byte[900_000]];
        for (var i = 0; i < 5; i++)
        {
            var connection = await _rig.OpenAsync($"c{i}", identity: Mallory);
            await Task.WhenAny(connection.Client.SendAsync(begun), WaitInVainAsync(connection));
        }
    }

    private async Task ConnectAsync(int count, Func<ConnectPacket, ConnectPacket> change)
    {
        for (var i = 0; i < count; i++)
        {
            var connection = _rig.Open(identity: Mallory);
            await connection.Client.SendAsync(ConnectWriter.Write(change(connection.Client.Connect($"c{i}"))));
            await connection.Client.ExpectAsync<ConnAckPacket>();
            await connection.LoseAsync();
        }
    }

    /// <summary>The client sends this, and the broker has handled it, or has ended the connection.</summary>
    private async Task HandledAsync(RigConnection connection, int count, Func<int, byte[]> packet)
    {
        var handled = Task.Run(async () =>
        {
            for (var i = 0; i < count; i++)
            {
                await connection.Client.SendAsync(packet(i));
            }

            await connection.Client.SendAsync(new byte[] { 0xC0, 0 });
            while (await connection.Client.ExpectAsync<object>() is not PacketType.PingResp)
            {
            }
        });
        await Eventually.HoldsAsync("the broker has handled everything", () =>
        {
            _rig.Clock.AdvanceBy(TimeSpan.FromSeconds(1.1));
            return handled.IsCompleted || connection.Served.IsCompleted;
        });
    }

    /// <summary>What it has sent waits for memory until its patience is over.</summary>
    private async Task WaitInVainAsync(RigConnection connection)
    {
        await Eventually.HoldsAsync("it waits for memory", () => connection.Served.IsCompleted || _rig.Clock.Time.ArmedTimers > 0);
        _rig.Clock.AdvanceBy(TimeSpan.FromSeconds(1.1));
    }
}
