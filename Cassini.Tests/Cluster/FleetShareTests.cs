using System.Collections.Concurrent;
using System.Globalization;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Tests.Broker;
using Cassini.Tests.Support;

namespace Cassini.Tests.Cluster;

/// <summary>A shared subscription is one in the whole fleet. Whole brokers on real NATS.</summary>
public class FleetShareTests
{
    private const int Count = 300;
    private const string Share = "$share/g/t";

    private static readonly IEnumerable<int> All = Enumerable.Range(0, Count);

    [Theory]
    [InlineData(QualityOfService.AtLeastOnce)]
    [InlineData(QualityOfService.ExactlyOnce)]
    public async Task Publish_WithMembersOnAllNodes_GivesEachItsShare(QualityOfService qos)
    {
        await using var fleet = await Fleet.StartAsync();
        var members = await MembersAsync(fleet);
        var reader = await fleet.ConnectAsync(1, "reader");
        await reader.SubscribeAsync("t", QualityOfService.AtMostOnce);
        await PublishAsync(await fleet.ConnectAsync(0, "p"), qos);
        foreach (var number in All)
        {
            await reader.ExpectPublishAsync("t", $"{number}");
        }

        (await GotAsync(members)).Order().ShouldBe(All);
        members.ShouldAllBe(member => member.Got.Count >= (Count / 3) - 1 && member.Got.Count <= (Count / 3) + 1);
    }

    // What is retained goes to all nodes; but it is one message for the share.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Publish_AllMembersAreElsewhere_IsDeliveredAndAcknowledged(bool retain)
    {
        await using var fleet = await Fleet.StartAsync(2);
        var member = new Member(await fleet.ConnectAsync(1, "m"));
        await member.JoinAsync();
        var publisher = await fleet.ConnectAsync(0, "p");
        await PublishAsync(publisher, QualityOfService.AtLeastOnce, retain);
        (await GotAsync([member])).Order().ShouldBe(All);
        await Eventually.BecomesAsync(
            "no node has a member any more", async () => await publisher.PublishAsync("t", "x", QualityOfService.AtLeastOnce),
            reason => reason == ReasonCode.NoMatchingSubscribers);
    }

    [Fact]
    public async Task Member_LeavesWhileMessagesArePublished_LosesNone()
    {
        await using var fleet = await Fleet.StartAsync();
        var members = await MembersAsync(fleet);
        members[1].LeavesAfter = 20;
        await PublishAsync(await fleet.ConnectAsync(0, "p"), QualityOfService.AtLeastOnce);
        (await GotAsync(members)).Order().ShouldBe(All);
    }

    [Fact]
    public async Task Node_StopsWhileMessagesArePublished_LosesNone()
    {
        await using var fleet = await Fleet.StartAsync();
        var members = await MembersAsync(fleet);
        var publishing = PublishAsync(await fleet.ConnectAsync(0, "p"), QualityOfService.AtLeastOnce);
        await Eventually.HoldsAsync("it is under way", () => members[1].Got.Count > 10);
        await fleet.RemoveAsync(fleet.Nodes[1]);
        await publishing;
        (await GotAsync(members)).Distinct().Order().ShouldBe(All);
    }

    // Its session is on neither node alone for a while: what is published meanwhile is for it, because there is no other member.
    [Fact]
    public async Task Member_MovesWhileMessagesArePublished_LosesNone()
    {
        await using var fleet = await Fleet.StartAsync();
        var (client, _) = await fleet.ResumeAsync(0, "m");
        var first = new Member(client) { LeavesAfter = 20 };
        await first.JoinAsync();
        var publishing = PublishAsync(await fleet.ConnectAsync(2, "p"), QualityOfService.AtLeastOnce);
        await Eventually.CompletesAsync("it disconnects", first.Reading);
        var second = new Member((await fleet.ResumeAsync(1, "m")).Client);
        second.Begin();
        await publishing;
        (await GotAsync([first, second])).Distinct().Order().ShouldBe(All);
    }

    private static async Task<Member[]> MembersAsync(Fleet fleet)
    {
        Member[] members = [.. await Task.WhenAll(fleet.Nodes.Select(
            async (_, node) => new Member(await fleet.ConnectAsync(node, $"m{node}"))))];
        foreach (var member in members)
        {
            await member.JoinAsync();
        }

        return members;
    }

    private static async Task PublishAsync(MqttTestClient publisher, QualityOfService qos, bool retain = false)
    {
        foreach (var number in All)
        {
            (await publisher.PublishAsync("t", $"{number}", qos, retain)).ShouldBe(ReasonCode.Success);
        }
    }

    /// <summary>Waits until all have come, and ends the members.</summary>
    private static async Task<IEnumerable<int>> GotAsync(IReadOnlyList<Member> members)
    {
        await Eventually.HoldsAsync(
            "all have come", () => members.SelectMany(member => member.Got).Distinct().Count() == Count);
        foreach (var member in members.Where(member => !member.Reading.IsCompleted))
        {
            await member.Client.DisconnectAsync();
        }

        await Task.WhenAll(members.Select(member => member.Reading));
        return members.SelectMany(member => member.Got);
    }

    private sealed class Member(MqttTestClient client)
    {
        public MqttTestClient Client => client;

        /// <summary>What it has acknowledged.</summary>
        public ConcurrentQueue<int> Got { get; } = new();

        public int LeavesAfter { get; set; } = int.MaxValue;

        public Task Reading { get; private set; } = Task.CompletedTask;

        public async Task JoinAsync()
        {
            await client.SubscribeAsync(Share, QualityOfService.ExactlyOnce);
            Begin();
        }

        public void Begin() => Reading = ReadAsync();

        private async Task ReadAsync()
        {
            while (await client.ReadAsync("a packet comes") is { } packet)
            {
                switch (packet)
                {
                    case ReceivedPublish { QoS: QualityOfService.ExactlyOnce } message:
                        await client.AckAsync(PacketType.PubRec, message.PacketId);
                        Take(message);
                        break;
                    case ReceivedPublish message:
                        await client.AckAsync(PacketType.PubAck, message.PacketId);
                        Take(message);
                        break;
                    case AckPacket { Type: PacketType.PubRel } release:
                        await client.AckAsync(PacketType.PubComp, release.PacketId);
                        break;
                }

                if (Got.Count >= LeavesAfter)
                {
                    await client.DisconnectAsync();
                    return;
                }
            }
        }

        private void Take(ReceivedPublish message) => Got.Enqueue(int.Parse(message.Text, CultureInfo.InvariantCulture));
    }
}
