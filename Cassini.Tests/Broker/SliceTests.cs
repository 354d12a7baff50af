using System.Collections.Immutable;
using System.Text;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Mqtt.Properties;
using Cassini.Tests.Support;

namespace Cassini.Tests.Broker;

/// <summary>Much work for one client is done in slices: others are served between them.</summary>
public class SliceTests
{
    private const int Many = 40_000;

    /// <summary>As many copies as one slice has at most, with the last few that were counted together.</summary>
    private const int SliceAtMost = WorkSlice.Most + 256;

    [Theory]
    [InlineData("")]
    [InlineData("$share/{0}/")]
    [InlineData("$share/all/")]
    public async Task Publish_VeryManySubscribers_IsDeliveredInSlices(string share)
    {
        await using var rig = new BrokerRig();
        var publisher = await rig.OpenAsync("p", identity: "busy");
        var other = await rig.ConnectAsync("other", identity: "other");
        var receivers = Crowd.Subscribe(rig, Many, share);
        var expected = share.Contains("all", StringComparison.Ordinal) ? 1 : Many;
        using var turns = new SingleTurns(rig, publisher.Transport.Account);
        var publishing = publisher.Client.PublishAsync("t", "1", QualityOfService.AtLeastOnce);
        var before = 0;
        var pieces = 0;

        await turns.RunAsync(
            async () =>
            {
                var count = receivers.Sum(receiver => receiver.Got.Count);
                (count - before).ShouldBeInRange(1, SliceAtMost);
                before = count;
                pieces++;
                (publishing.IsCompleted && count < expected).ShouldBeFalse("nothing is acknowledged before the last copy");
                await other.PingAsync();
            },
            () => before == expected);

        pieces.ShouldBe(SlicesOf(expected));
        await publishing;
    }

    // [MQTT-4.6.0-5]
    [Fact]
    public async Task Publish_SeveralToVeryManySubscribers_KeepTheirOrder()
    {
        await using var rig = new BrokerRig();
        var publisher = await rig.ConnectAsync("p");
        var receivers = Crowd.Subscribe(rig, Many);
        for (var i = 0; i < 3; i++)
        {
            await publisher.SendAsync(Crowd.PublishPacketOf("t", $"{i}", (ushort)(i + 1)));
        }

        for (var i = 0; i < 3; i++)
        {
            (await publisher.ExpectAsync<AckPacket>()).PacketId.ShouldBe((ushort)(i + 1));
        }

        receivers.ShouldAllBe(receiver => receiver.Got.SequenceEqual(new[] { "0", "1", "2" }));
    }

    // Filters that match nothing, among which each new topic is searched for all the same.
    [Fact]
    public async Task Publish_ToNewTopicsThatTakeLongToSearch_IsDoneInSlices()
    {
        const int Levels = 12;
        const int Topics = 6;
        await using var rig = new BrokerRig();
        var publisher = await rig.OpenAsync("p", identity: "busy");
        var other = await rig.ConnectAsync("other", identity: "other");
        var crowd = Crowd.Subscribe(rig, 1)[0];
        for (var bits = 0; bits < 1 << Levels; bits++)
        {
            var levels = Enumerable.Range(0, Levels).Select(level => ((bits >> level) & 1) == 0 ? "a" : "+");
            rig.Broker.Tree.Add(new Subscription(
                crowd, string.Join('/', levels.Append("end")), QualityOfService.AtMostOnce, noLocal: false, false, []));
        }

        using var turns = new SingleTurns(rig, publisher.Transport.Account);
        var prefix = string.Join('/', Enumerable.Repeat("a", Levels));
        await publisher.Client.SendAsync(
            (byte[])[.. Enumerable.Range(1, Topics).SelectMany(i => Crowd.PublishPacketOf($"{prefix}/{i}", "1", (ushort)i))]);
        var pieces = 0;

        await turns.RunAsync(
            async () =>
            {
                pieces++;
                await other.PingAsync();
            },
            () => rig.Broker.Topics.Count == Topics);

        pieces.ShouldBe(Topics / (WorkSlice.Most / (2 << Levels)));
    }

    [Fact]
    public async Task Publish_ConnectionEndsMeanwhile_ComesToAllAndTheRestIsNotHandled()
    {
        await using var rig = new BrokerRig();
        var publisher = await rig.OpenAsync("p", identity: "busy");
        var receivers = Crowd.Subscribe(rig, Many);
        using var turns = new SingleTurns(rig, publisher.Transport.Account);
        await publisher.Client.SendAsync((byte[])[.. Crowd.PublishPacketOf("t", "1", 1), .. Crowd.PublishPacketOf("t", "2", 2)]);
        await turns.NextAsync();
        publisher.Transport.Close(CloseReason.Disconnected);

        await turns.RunAsync(() => Task.CompletedTask, () => receivers.TrueForAll(receiver => receiver.Got.Count > 0));
        turns.Dispose();

        await Eventually.CompletesAsync("the connection ends", publisher.Served);
        receivers.ShouldAllBe(receiver => receiver.Got.Count == 1);
    }

    // The drain waits for a message that has begun.
    [Fact]
    public async Task Publish_DrainBeginsMeanwhile_TheDrainWaitsForIt()
    {
        await using var rig = new BrokerRig();
        var publisher = await rig.OpenAsync("p", identity: "busy");
        var receivers = Crowd.Subscribe(rig, Many);
        using var turns = new SingleTurns(rig, publisher.Transport.Account);
        await publisher.Client.SendAsync((byte[])[.. Crowd.PublishPacketOf("t", "1", 1), .. Crowd.PublishPacketOf("t", "2", 2)]);
        await turns.NextAsync();
        var closing = rig.Broker.Drain.CloseIntakeAsync(CancellationToken.None);
        for (var i = 1; i < SlicesOf(Many); i++)
        {
            await turns.AwaitAsync();
            rig.Clock.AdvanceBy(TimeSpan.FromSeconds(1));
            turns.KeepBusy();
            closing.IsCompleted.ShouldBeFalse();
            await turns.NextAsync();
        }

        await Eventually.HoldsAsync("the drain goes on", () =>
        {
            rig.Clock.AdvanceBy(TimeSpan.FromSeconds(1));
            return closing.IsCompleted;
        });
        receivers.ShouldAllBe(receiver => receiver.Got.Count == 1);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Subscribe_ThousandsOfFilters_IsHandledInSlices(int version)
    {
        const int Filters = 3_000;
        await using var rig = new BrokerRig(options => options with { MaxSubscriptions = Filters });
        var client = await rig.OpenAsync("c", version, identity: "busy");
        var other = await rig.ConnectAsync("other", identity: "other");
        using var turns = new SingleTurns(rig, client.Transport.Account);
        var filters = Enumerable.Range(0, Filters).Select(i => $"f/{i}").ToImmutableArray();
        var requests = filters
            .Select(filter => new SubscriptionRequest(filter, 0, false, false, RetainHandling.Send))
            .ToImmutableArray();

        await client.Client.SendAsync(new SubscribePacket(1, requests, PropertySet.Empty).Write(client.Client.Version));
        await RunAsync(toBe: Filters);
        (await client.Client.ExpectAsync<SubAckPacket>()).Reasons.Length.ShouldBe(Filters);

        await client.Client.SendAsync(new UnsubscribePacket(2, filters, PropertySet.Empty).Write(client.Client.Version));
        await RunAsync(toBe: 0);
        (await client.Client.ExpectAsync<SubAckPacket>()).Type.ShouldBe(PacketType.UnsubAck);

        async Task RunAsync(int toBe)
        {
            var before = rig.Broker.Tree.Count;
            var pieces = 0;
            await turns.RunAsync(
                async () =>
                {
                    // What is sent to the client is a piece of its own.
                    var done = Math.Abs(rig.Broker.Tree.Count - before);
                    done.ShouldBeLessThanOrEqualTo(WorkSlice.Most / 10);
                    pieces += done > 0 ? 1 : 0;
                    before = rig.Broker.Tree.Count;
                    await other.PingAsync();
                },
                () => before == toBe);
            pieces.ShouldBeGreaterThan(1);
        }
    }

    // What is searched and not found is work too.
    [Fact]
    public async Task Subscribe_RetainedMessagesThatDoNotMatch_AreSearchedInSlices()
    {
        const int Messages = 20_000;
        const int Filters = 10;
        await using var rig = new BrokerRig();
        for (var i = 0; i < Messages; i++)
        {
            rig.Broker.Retained.Set(new StoredMessage(
                new Topic(Encoding.UTF8.GetBytes($"r/{i}"), true, 0), [1], [], QualityOfService.AtMostOnce, null));
        }

        var client = await rig.OpenAsync("c", identity: "busy");
        var other = await rig.ConnectAsync("other", identity: "other");
        var requests = Enumerable.Range(0, Filters)
            .Select(i => new SubscriptionRequest($"+/+/{i}", 0, false, false, RetainHandling.Send));
        using var turns = new SingleTurns(rig, client.Transport.Account);

        await client.Client.SendAsync(new SubscribePacket(1, [.. requests], PropertySet.Empty).Write(client.Client.Version));
        await turns.NextAsync();
        await client.Client.ExpectAsync<SubAckPacket>();
        var bursts = rig.Broker.Sessions.Find("c")!.Deliveries;
        var pieces = 0;
        while (bursts.Backlog > 0)
        {
            await turns.NextAsync();
            await other.PingAsync();
            pieces++;
        }

        pieces.ShouldBeGreaterThan(1);
    }

    [Fact]
    public async Task Will_VeryManySubscribers_IsDeliveredInSlices()
    {
        await using var rig = new BrokerRig();
        var leaving = await rig.OpenAsync("leaving", identity: "busy", change: connect => BrokerRig.WithWill(connect, "t"));
        var other = await rig.ConnectAsync("other", identity: "other");
        var receivers = Crowd.Subscribe(rig, Many);
        using var turns = new SingleTurns(rig, leaving.Transport.Account);
        leaving.Transport.Close(CloseReason.Disconnected);
        var before = 0;

        await turns.RunAsync(
            async () =>
            {
                var count = receivers.Sum(receiver => receiver.Got.Count);
                (count - before).ShouldBeInRange(1, SliceAtMost);
                before = count;
                await other.PingAsync();
            },
            () => before == Many);

        await Eventually.CompletesAsync("it has left", leaving.Served);
    }

    // The wills of one identity that many subscribe to do not hold up those of others.
    [Fact]
    public async Task Wills_ManyWithManySubscribers_OneInAPassAndThoseOfOthersToo()
    {
        await using var rig = new BrokerRig();
        for (var i = 0; i < 5; i++)
        {
            var away = await rig.OpenAsync(
                $"away{i}", identity: "busy", change: connect => BrokerRig.WithWill(BrokerRig.Lasting(connect), "t", delay: 10));
            await away.LoseAsync();
        }

        var gone = await rig.OpenAsync(
            "gone", identity: "other", change: connect => BrokerRig.WithWill(BrokerRig.Lasting(connect), "other", delay: 10));
        await gone.LoseAsync();
        var watch = await rig.ConnectAsync("watch", identity: "other");
        await watch.SubscribeAsync("other", QualityOfService.AtMostOnce);
        var receivers = Crowd.Subscribe(rig, Many);

        rig.Advance(10);
        receivers.ShouldAllBe(receiver => receiver.Got.Count == 1);
        await watch.ExpectPublishAsync("other", "gone");
        rig.Advance(0.25);
        receivers.ShouldAllBe(receiver => receiver.Got.Count == 2);
    }

    /// <summary>The slices of a message for so many: to find them, and to give each a copy.</summary>
    private static int SlicesOf(int subscribers) => 1 + ((subscribers + (subscribers / Route.FoundInAStep)) / SliceAtMost);
}
