using Cassini.Streams.Broker.Connections;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Tests.Support;

namespace Cassini.Tests.Broker;

/// <summary>Clients from which the broker stops reading for a while.</summary>
public class HeldBackTests
{
    private const int Window = 16 * 1024;

    // It is the broker that does not read, so the client must not lose its connection.
    [Fact]
    public async Task MemoryLimit_PublisherIsHeldBack_IsNotSilent()
    {
        await using var rig = new BrokerRig(options => options with { MemoryLimit = 1_000_000, MemoryPatience = TimeSpan.FromSeconds(60) });
        var publisher = await rig.OpenAsync("p", change: connect => connect with { KeepAlive = 10 });
        rig.Broker.Budget.Take(1_000_000);
        await publisher.Client.SendAsync(publisher.Client.Publish("t", "1", QualityOfService.AtLeastOnce, 1), new byte[] { 0xC0, 0 });
        await Eventually.HoldsAsync("the publisher waits", () => rig.Clock.Time.ArmedTimers == 1);
        rig.Advance(30);
        publisher.Closing.ShouldBeNull();
        rig.Broker.Budget.Return(1_000_000);
        (await publisher.Client.ExpectAsync<PacketType>()).ShouldBe(PacketType.PingResp);
        await publisher.Client.ExpectAckAsync(PacketType.PubAck, 1);
        rig.Advance(14);
        publisher.Closing.ShouldBeNull("its keep alive starts again");
        rig.Advance(2);
        await publisher.Client.ExpectClosedAsync(ReasonCode.KeepAliveTimeout);
    }

    // Answers cannot be dropped, so the broker stops reading from a client that does not read them.
    [Fact]
    public async Task Answers_ClientDoesNotReadThem_StopTheReading()
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

    // As long as the client takes some, it must not lose its connection because the broker stopped reading.
    [Fact]
    public async Task Answers_ClientReadsThemSlowly_IsNotSilent()
    {
        await using var rig = new BrokerRig(options => options with { MaxQueuedBytes = 64 * 1024 });
        var connection = await rig.OpenAsync("a", change: connect => connect with { KeepAlive = 10 }, window: Window);
        const int Pings = 100 * 4096;
        var sending = SendPingsAsync(connection, Pings);
        await Eventually.HoldsAsync("the broker reads no more", () => IsHeldBack(rig, "a"));
        var read = 0;
        for (var round = 0; round < 2; round++)
        {
            rig.Advance(10);
            var sent = connection.Transport.BytesSent;
            for (; connection.Transport.BytesSent == sent; read++)
            {
                (await connection.Client.ExpectAsync<PacketType>()).ShouldBe(PacketType.PingResp);
            }
        }

        IsHeldBack(rig, "a").ShouldBeTrue();
        rig.Advance(10);
        connection.Closing.ShouldBeNull();
        for (; read < Pings; read++)
        {
            (await connection.Client.ExpectAsync<PacketType>()).ShouldBe(PacketType.PingResp);
        }

        await sending;
        rig.Advance(14);
        connection.Closing.ShouldBeNull("its keep alive starts again");
    }

    // What it does not read takes memory, so that must not last for ever.
    [Theory]
    [InlineData(10, 15)]
    [InlineData(0, 300)]
    public async Task Answers_ClientNeverReadsThem_LosesItsConnection(ushort keepAlive, int longest)
    {
        await using var rig = new BrokerRig(options => options with { MaxQueuedBytes = 64 * 1024 });
        var before = rig.Broker.Budget.Used;
        var connection = await rig.OpenAsync("a", change: connect => connect with { KeepAlive = keepAlive }, window: Window);
        var sending = SendPingsAsync(connection, 100 * 4096);
        await Eventually.HoldsAsync("the broker reads no more", () => IsHeldBack(rig, "a"));
        rig.Advance(longest - 1);
        connection.Closing.ShouldBeNull();

        // Not one look but two: the first may see what was still sent when the wait began.
        rig.Advance(longest);
        connection.Closing.ShouldBe(CloseReason.KeepAliveTimeout);

        await Eventually.HoldsAsync("the broker waits for its last packet to leave", () => rig.Clock.Time.ArmedTimers == 1);
        rig.Advance(1);
        await Eventually.CompletesAsync("the connection ends", connection.Served);

        await Eventually.BecomesAsync("its memory is returned", () => rig.Broker.Budget.Used, used => used < before + (48 * 1024));
        await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
    }

    [Fact]
    public async Task PublishRate_PublisherIsHeldBack_IsNotSilent()
    {
        await using var rig = new BrokerRig(options => options with { MaxPublishRate = 1 });
        var publisher = await rig.OpenAsync("p", change: connect => connect with { KeepAlive = 1 });
        await publisher.Client.SendAsync(publisher.Client.Publish("t", "1"), publisher.Client.Publish("t", "2"));
        await Eventually.HoldsAsync("the publisher waits", () => IsHeldBack(rig, "p"));
        rig.Broker.Sessions.Find("p")!.Attachment!.Connection.CloseIfSilent(
            rig.Clock.Time.GetTimestamp() + (60 * rig.Clock.Time.TimestampFrequency));
        publisher.Closing.ShouldBeNull();

        // The reader notices that the client is gone only when its wait is over. It counts as held back before its timer runs.
        await Eventually.HoldsAsync("the wait has begun", () => rig.Clock.Time.ArmedTimers == 1);
        rig.Advance(2);
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
        var messages = Enumerable.Range(0, 25).Select(i =>
            (ReadOnlyMemory<byte>)publisher.Publish("t", $"{i}", (QualityOfService)qos, (ushort)(qos == 0 ? 0 : i + 1)));
        await publisher.SendAsync([.. messages]);
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

    // While the answer to SUBSCRIBE waits for its commit, the broker reads no further packet.
    [Fact]
    public async Task Commit_IsSlow_ClientIsNotSilent()
    {
        var commit = new TaskCompletionSource();
        await using var rig = new BrokerRig();
        var client = await rig.OpenAsync("a", change: connect => BrokerRig.Lasting(connect) with { KeepAlive = 10 });
        rig.Store.Committing = () => commit.Task;
        var subscribing = client.Client.SubscribeAsync("t");
        await Eventually.HoldsAsync("the broker waits for the commit", () => IsHeldBack(rig, "a"));
        rig.Advance(30);
        client.Closing.ShouldBeNull();
        subscribing.IsCompleted.ShouldBeFalse();
        commit.SetResult();
        await subscribing;
    }

    private static async Task SendPingsAsync(RigConnection connection, int count)
    {
        var pings = Enumerable.Repeat(new byte[] { 0xC0, 0 }, count).SelectMany(ping => ping).ToArray();
        await Task.Yield();
        await connection.Client.Stream.WriteAsync(pings, TestContext.Current.CancellationToken);
    }

    private static bool IsHeldBack(BrokerRig rig, string clientId) =>
        ((ClientLink)rig.Broker.Sessions.Find(clientId)!.Attachment!.Connection).IsHeldBack;
}
