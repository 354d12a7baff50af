using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Quotas;
using Cassini.Tests.Support;

namespace Cassini.Tests.Broker;

/// <summary>
/// One identity fills its share of the memory in every way that a client has: the rest stays free for others, and all comes back.
/// </summary>
public class MemoryShareTests
{
    private const long Limit = 8 * 1024 * 1024;
    private const long Share = Limit / 4;
    private const string Mallory = "mallory";

    private readonly BrokerRig _rig = new(
        options => options with { MemoryLimit = Limit, MemoryPatience = TimeSpan.FromSeconds(1), ReceiveMaximum = 1_000, MaxTopics = 1 },
        quota: QuotaOptions.Whole with { Memory = Streams.Quotas.Share.Percent(25), Retained = Streams.Quotas.Share.Percent(1) });

    private long Held => _rig.Accounts.All
        .Where(account => account.Identity == Mallory)
        .Sum(account => account.Held(CapacityResource.Memory));

    [Fact]
    public async Task Wills_OfOneIdentity_AreRefusedAtItsShareAndReturnedWhenTheyAreGone()
    {
        var connections = new List<RigConnection>();
        while (await OpenWithWillAsync(connections.Count) is { } connection)
        {
            connections.Add(connection);
        }

        connections.Count.ShouldBeInRange(30, 45);
        Held.ShouldBeInRange(Share - 150_000, Share);
        await AssertOthersAreServedAsync();

        // Every way that a will can end.
        await connections[0].DisconnectAsync();
        await connections[1].LoseAsync();
        await (await _rig.OpenAsync("c2", identity: Mallory)).DisconnectAsync();
        await (await _rig.OpenAsync("c3", change: BrokerRig.Lasting, identity: Mallory)).DisconnectAsync();
        await connections[4].LoseAsync();
        await (await _rig.OpenAsync("c4", change: BrokerRig.Lasting, identity: Mallory)).LoseAsync();
        foreach (var connection in connections[5..])
        {
            await connection.LoseAsync();
        }

        _rig.Advance(4_000);
        await Eventually.BecomesAsync("everything is given back", () => Held, held => held == 0);
    }

    [Fact]
    public async Task AbsentSessions_OfOneIdentity_KeepNoMoreThanItsShare()
    {
        for (var i = 0; i < 3; i++)
        {
            var away = await _rig.OpenAsync($"away-{i}", change: BrokerRig.Lasting, identity: Mallory);
            await away.Client.SubscribeAsync($"t/{i}", QualityOfService.AtLeastOnce);
            await away.LoseAsync();
        }

        var publisher = await _rig.ConnectAsync("p", identity: "carol");
        for (var i = 0; i < 300; i++)
        {
            await publisher.PublishAsync($"t/{i % 3}", new string('x', 20_000), QualityOfService.AtLeastOnce);
        }

        Held.ShouldBeInRange((Share * 3 / 4) - 40_000, (Share * 3 / 4) + 40_000);
        _rig.Broker.Counters.Dropped.ShouldBeGreaterThan(100);
        await AssertOthersAreServedAsync();
        for (var i = 0; i < 3; i++)
        {
            await (await _rig.OpenAsync($"away-{i}", identity: Mallory)).DisconnectAsync();
        }

        await Eventually.BecomesAsync("everything is given back", () => Held, held => held == 0);
    }

    // One copy of the payload in memory, however many are behind.
    [Fact]
    public async Task LargeMessage_ToManyThatDoNotRead_IsInMemoryOnce()
    {
        const int Readers = 30;
        var readers = new List<RigConnection>();
        for (var i = 0; i < Readers; i++)
        {
            readers.Add(await _rig.OpenAsync($"r{i}", identity: Mallory, window: 1_024));
            await readers[^1].Client.SubscribeAsync("t", QualityOfService.AtLeastOnce);

            // What it was read into is given back then.
            await readers[^1].ReadAsync();
        }

        var before = Held;
        var publisher = await _rig.ConnectAsync("p", identity: "carol");
        var text = new string('x', 500_000);
        await publisher.PublishAsync("t", text, QualityOfService.AtLeastOnce);
        (Held - before).ShouldBeInRange(500_000, 700_000);
        foreach (var reader in readers)
        {
            (await reader.Client.ExpectAsync<ReceivedPublish>()).Text.ShouldBe(text);
            await reader.DisconnectAsync();
        }

        await Eventually.BecomesAsync("everything is given back", () => Held, held => held == 0);
    }

    [Fact]
    public async Task UnreadAnswers_StopTheReading()
    {
        var connection = await _rig.OpenAsync("a", identity: Mallory, window: 1_024);
        var pings = Enumerable.Repeat(new byte[] { 0xC0, 0 }, 1_000).SelectMany(ping => ping).ToArray();
        var sent = 0;
        var sending = Task.Run(async () =>
        {
            for (; sent < 1_000; sent++)
            {
                await connection.Client.SendAsync(pings);
            }
        });
        await Eventually.HoldsAsync(
            "nothing is read any more", () => _rig.Broker.Sessions.Find("a")!.Attachment!.Outbox.IsOverLimit);
        Held.ShouldBeLessThan(1_000_000);
        await AssertOthersAreServedAsync();
        await connection.LoseAsync();
        await Eventually.CompletesAsync("the sender", sending.ContinueWith(_ => { }, TaskScheduler.Default));
        await Eventually.BecomesAsync("everything is given back", () => Held, held => held == 0);
    }

    // Each may leave little unread once the identity has enough, however many connections it has.
    [Fact]
    public async Task UnreadAnswers_OfManyConnections_TakeNoMoreThanTheShare()
    {
        const int Connections = 40;
        var connections = new List<RigConnection>();
        var pings = Enumerable.Repeat(new byte[] { 0xC0, 0 }, 1_000).SelectMany(ping => ping).ToArray();
        var sending = new List<Task>();
        for (var i = 0; i < Connections; i++)
        {
            var connection = await _rig.OpenAsync($"c{i}", identity: Mallory, window: 1_024);
            connections.Add(connection);
            sending.Add(Task.Run(async () =>
            {
                for (var sent = 0; sent < 1_000; sent++)
                {
                    await connection.Client.SendAsync(pings);
                }
            }));
        }

        for (var i = 0; i < Connections; i++)
        {
            await Eventually.HoldsAsync(
                $"nothing of {i} is read any more", () => _rig.Broker.Sessions.Find($"c{i}")!.Attachment!.Outbox.IsOverLimit);
        }

        Held.ShouldBeInRange(Share / 2, Share + (Connections * 32 * 1024));
        await AssertOthersAreServedAsync();
        foreach (var connection in connections)
        {
            await connection.LoseAsync();
        }

        await Eventually.CompletesAsync("the senders", Task.WhenAll(sending).ContinueWith(_ => { }, TaskScheduler.Default));
        await Eventually.BecomesAsync("everything is given back", () => Held, held => held == 0);
    }

    [Fact]
    public async Task UnfinishedPackets_OfOneIdentity_TakeNoMoreThanItsShare()
    {
        var connections = new List<RigConnection>();
        byte[] begun = [0x30, 0xF0, 0xFF, 0x3F, .. new byte[900_000]];
        for (var i = 0; i < 8; i++)
        {
            var connection = await _rig.OpenAsync($"c{i}", identity: Mallory);
            connections.Add(connection);
            await Task.WhenAny(connection.Client.SendAsync(begun), connection.Served);
            _rig.Clock.AdvanceBy(TimeSpan.FromSeconds(1.1));
        }

        await Eventually.HoldsAsync("some are closed", () =>
        {
            _rig.Clock.AdvanceBy(TimeSpan.FromSeconds(1.1));
            return connections.Exists(connection => connection.Closing == CloseReason.OutOfMemory);
        });
        Held.ShouldBeLessThan(Share + 300_000);
        await AssertOthersAreServedAsync();
    }

    [Fact]
    public async Task Retained_OfOneIdentity_AreRefusedAtItsShare()
    {
        var publisher = await _rig.ConnectAsync("p", identity: Mallory);
        for (var i = 0; i < 600; i++)
        {
            await publisher.PublishAsync($"t/{i}", "1", QualityOfService.AtLeastOnce, retain: true);
        }

        _rig.Broker.Retained.Count.ShouldBe(500);
        await publisher.PublishAsync("t/0", "2", QualityOfService.AtLeastOnce, retain: true);
        _rig.Broker.Retained.Get("t/0"u8)!.Payload.ShouldBe("2"u8.ToArray(), "it may replace its own");
        var other = await _rig.ConnectAsync("o", identity: "carol");
        await other.PublishAsync("t/1", "2", QualityOfService.AtLeastOnce, retain: true);
        await publisher.PublishAsync("u", "1", QualityOfService.AtLeastOnce, retain: true);
        _rig.Broker.Retained.Get("u"u8).ShouldNotBeNull("another identity has replaced one of its messages");
        foreach (var topic in Enumerable.Range(0, 500).Select(i => $"t/{i}").Append("u"))
        {
            await other.PublishAsync(topic, "", QualityOfService.AtLeastOnce, retain: true);
        }

        _rig.Broker.Retained.Count.ShouldBe(0);
        await publisher.SendAsync(new byte[] { 0xE0, 0 });
        RemoveTopics();
        await Eventually.BecomesAsync("everything is given back", () => Held, held => held == 0);
    }

    [Fact]
    public async Task UnreleasedIds_AndCachedTopics_AreReturned()
    {
        var connection = await _rig.OpenAsync("a", change: BrokerRig.Lasting, identity: Mallory);
        var before = await Eventually.BecomesAsync("the reader has no buffer", () => Held, held => held < 32 * 1024);
        for (ushort id = 1; id <= 200; id++)
        {
            await connection.Client.SendAsync(connection.Client.Publish($"t/{id}", "1", QualityOfService.ExactlyOnce, id));
            await connection.Client.ExpectAckAsync(PacketType.PubRec, id);
        }

        (Held - before).ShouldBeGreaterThan(200 * 24);
        await connection.LoseAsync();
        await (await _rig.OpenAsync("a", identity: Mallory)).DisconnectAsync();
        RemoveTopics();
        await Eventually.BecomesAsync("everything is given back", () => Held, held => held == 0);
    }

    // Topics that the table has no place for are in memory for those who publish to them.
    [Fact]
    public async Task UnlistedTopics_OfOneIdentity_AreCachedUpToItsShare()
    {
        var connections = new List<RigConnection>();
        for (var i = 0; i < 3; i++)
        {
            connections.Add(await _rig.OpenAsync($"c{i}", identity: Mallory));
            for (var topic = 0; topic < 1_500; topic++)
            {
                // An empty retained message is admitted whatever the memory.
                await connections[i].Client.SendAsync(
                    connections[i].Client.Publish($"{new string('x', 990)}/{i}/{topic}", "", retain: true));
            }

            await connections[i].Client.PingAsync();
        }

        Held.ShouldBeInRange(Share / 2, Share + 50_000);
        await AssertOthersAreServedAsync();
        foreach (var connection in connections)
        {
            await connection.DisconnectAsync();
        }

        RemoveTopics();
        await Eventually.BecomesAsync("everything is given back", () => Held, held => held == 0);
    }

    private void RemoveTopics() => _rig.Advance(TimeSpan.FromHours(2));

    private async Task<RigConnection?> OpenWithWillAsync(int number)
    {
        var connection = _rig.Open(identity: Mallory);
        var connect = BrokerRig.WithWill(BrokerRig.Lasting(connection.Client.Connect($"c{number}")), delay: 60);
        var will = connect.Will! with { Payload = [.. new byte[50_000]] };
        await connection.Client.SendAsync(ConnectWriter.Write(connect with { Will = will }));
        var answer = await connection.Client.ExpectAsync<ConnAckPacket>();
        answer.Reason.ShouldBeOneOf(ReasonCode.Success, ReasonCode.QuotaExceeded);
        return answer.Reason == ReasonCode.Success ? connection : null;
    }

    /// <summary>A new client of another identity publishes to itself, and keeps what it retains.</summary>
    private async Task AssertOthersAreServedAsync()
    {
        var client = await _rig.ConnectAsync("bystander", identity: "bob");
        await client.SubscribeAsync("mine", QualityOfService.AtLeastOnce);
        for (var i = 0; i < 20; i++)
        {
            await client.SendAsync(client.Publish("mine", new string('x', 20_000), QualityOfService.AtLeastOnce, client.NextPacketId()));
            var message = await client.ExpectAsync<ReceivedPublish>();
            await client.AckAsync(PacketType.PubAck, message.PacketId);
            (await client.ExpectAsync<AckPacket>()).Reason.ShouldBe(ReasonCode.Success);
        }
    }
}
