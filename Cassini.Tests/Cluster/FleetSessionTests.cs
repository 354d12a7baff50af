using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Tests.Broker;
using Cassini.Tests.Support;

namespace Cassini.Tests.Cluster;

/// <summary>A client identifier has one session in the whole fleet, which goes where its client connects.</summary>
public class FleetSessionTests
{
    [Fact]
    public async Task Connect_ElsewhereWithASessionThatEndsWithItsConnection_ClosesThatOne()
    {
        await using var fleet = await Fleet.StartAsync(2);
        var first = await fleet.ConnectAsync(0, "c");
        await first.SubscribeAsync("t", QualityOfService.AtLeastOnce);

        var (second, isPresent) = await fleet.ResumeAsync(1, "c");

        isPresent.ShouldBeFalse();
        await first.ExpectClosedAsync(ReasonCode.SessionTakenOver);
        await Eventually.HoldsAsync("it is gone", () => fleet.Nodes[0].Mqtt.Broker.FindSession("c") is null);
        await second.PingAsync();
    }

    // A node that is upgraded keeps nobody waiting: its clients go on at another one, with their sessions.
    [Fact]
    public async Task Drain_ClientsWithKeptSessionsConnectElsewhere_TakesTheirSessionsAlong()
    {
        await using var fleet = await Fleet.StartAsync(2, isStored: true);
        var (first, _) = await fleet.ResumeAsync(0, "c");
        await first.SubscribeAsync("t", QualityOfService.AtLeastOnce);
        var (away, _) = await fleet.ResumeAsync(0, "away");
        await away.DisconnectAsync();
        await Eventually.HoldsAsync("it is away", () => fleet.Nodes[0].Mqtt.Broker.Statistics.OpenSessions == 1);

        var stopping = fleet.StopAsync(0);
        await first.ExpectClosedAsync(ReasonCode.ServerShuttingDown);
        var (second, isPresent) = await fleet.ResumeAsync(1, "c");
        isPresent.ShouldBeTrue();
        await Eventually.CompletesAsync("it does not wait for a client that was away", stopping);

        var publisher = await fleet.ConnectAsync(1, "p");
        await publisher.PublishAsync("t", "x", QualityOfService.AtLeastOnce);
        await second.ExpectPublishAsync("t", "x");
        fleet.Nodes[0].Events().Select(envelope => envelope.Event).OfType<DrainStageLeft>()
            .Single(left => left.Stage == DrainStage.HandOver).Outcome.ShouldBe(PhaseOutcome.Completed);
        var refused = await fleet.OpenAsync(1);
        await refused.SendAsync(ConnectWriter.Write(Fleet.Lasting(refused, "away")));
        (await refused.ExpectAsync<ConnAckPacket>()).Reason.ShouldBe(ReasonCode.ServerUnavailable);
    }

    // Two clients with one identifier, behind a load balancer that sends them to different nodes.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Connect_InTurnOnTwoNodes_IsSlowedDownOnBoth(bool isKept)
    {
        await using var fleet = await Fleet.StartAsync(2);
        for (var i = 0; i < 12; i++)
        {
            var client = isKept ? (await fleet.ResumeAsync(i % 2, "c")).Client : await fleet.ConnectAsync(i % 2, "c");
            await client.PingAsync();
        }

        foreach (var node in fleet.Nodes)
        {
            (await node.HappensAsync<ClientIdContested>("it is said")).ClientId.ShouldBe("c");
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Connect_ElsewhereWithASessionThatIsKept_BringsItWithItsMessages(bool isStored)
    {
        await using var fleet = await Fleet.StartAsync(isStored: isStored);
        var (first, isNew) = await fleet.ResumeAsync(0, "c");
        isNew.ShouldBeFalse();
        await first.SubscribeAsync("a/#", QualityOfService.ExactlyOnce);
        await first.SubscribeAsync("b", QualityOfService.AtLeastOnce, identifier: 7);
        await first.DisconnectAsync();
        await first.ExpectEndAsync();
        var publisher = await fleet.ConnectAsync(2, "p");
        for (var i = 0; i < 100; i++)
        {
            await publisher.PublishAsync($"a/{i % 3}", $"{i}", QualityOfService.ExactlyOnce);
        }

        await publisher.PublishAsync("b", "b", QualityOfService.AtLeastOnce);
        var (second, isPresent) = await fleet.ResumeAsync(1, "c");

        isPresent.ShouldBeTrue();
        for (var i = 0; i < 100; i++)
        {
            (await second.ExpectPublishAsync($"a/{i % 3}", $"{i}")).QoS.ShouldBe(QualityOfService.ExactlyOnce);
        }

        (await second.ExpectPublishAsync("b", "b")).Properties.SubscriptionIdentifiers.ShouldBe([7]);
        await publisher.PublishAsync("a/x", "after", QualityOfService.AtLeastOnce);
        await second.ExpectPublishAsync("a/x", "after");
        await second.ExpectNothingAsync();
        fleet.Nodes[1].Mqtt.Broker.GetClientSubscriptions("c").Count.ShouldBe(2);
        await Eventually.HoldsAsync("the other node has it no more", () => fleet.Nodes[0].Mqtt.Broker.FindSession("c") is null);
        fleet.Nodes[0].Mqtt.Broker.GetSubscriptions("b").ShouldBeEmpty();
        (await fleet.Nodes[1].HappensAsync<SessionArrived>("it is told")).ShouldSatisfyAllConditions(
            told => told.From.ShouldBe("n1"), told => told.Messages.ShouldBe(101));
    }

    // The bus takes no piece of the usual size.
    [Fact]
    public async Task Connect_ElsewhereWithMoreThanTheBusTakesAtOnce_BringsIt()
    {
        await using var fleet = await Fleet.StartAsync(2, isStored: true, more: "max_payload: 65536");
        var (first, _) = await fleet.ResumeAsync(0, "c");
        await first.SubscribeAsync("t", QualityOfService.AtLeastOnce);
        await first.DisconnectAsync();
        await first.ExpectEndAsync();
        var publisher = await fleet.ConnectAsync(0, "p");
        string[] payloads = [.. Enumerable.Range(0, 5).Select(i => i + new string('x', 100_000))];
        foreach (var payload in payloads)
        {
            (await publisher.PublishAsync("t", payload, QualityOfService.AtLeastOnce)).ShouldBe(ReasonCode.Success);
        }

        var (second, isPresent) = await fleet.ResumeAsync(1, "c");

        isPresent.ShouldBeTrue();
        foreach (var payload in payloads)
        {
            await second.ExpectPublishAsync("t", payload);
        }
    }

    [Fact]
    public async Task Connect_ElsewhereOfAnotherIdentity_IsRefused()
    {
        await using var fleet = await Fleet.StartAsync(2);
        var owner = await fleet.ConnectAsync(0, "c");
        var stranger = await fleet.OpenAsync(1, "bob");

        (await stranger.ExpectRefusalAsync(stranger.Connect("c"))).Reason.ShouldBe(ReasonCode.NotAuthorized);
        await owner.PingAsync();
    }

    [Fact]
    public async Task Connect_ElsewhereWithACleanStart_BeginsAnew()
    {
        await using var fleet = await Fleet.StartAsync(2);
        var (first, _) = await fleet.ResumeAsync(0, "c");
        await first.SubscribeAsync("t", QualityOfService.AtLeastOnce);

        var second = await fleet.ConnectAsync(1, "c");

        await first.ExpectClosedAsync(ReasonCode.SessionTakenOver);
        fleet.Nodes[1].Mqtt.Broker.GetClientSubscriptions("c").ShouldBeEmpty();
        await Eventually.HoldsAsync("the other node has it no more", () => fleet.Nodes[0].Mqtt.Broker.FindSession("c") is null);
        await second.PingAsync();
    }

    // While a client goes from node to node, others publish on all of them: nothing is lost, nothing comes twice, each publisher's order
    // is kept.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Session_MovesWhileMessagesArePublishedEverywhere_LosesAndDoublesNothing(bool isStored)
    {
        const int Moves = 12;
        await using var fleet = await Fleet.StartAsync(isStored: isStored);
        var (client, _) = await fleet.ResumeAsync(0, "c");
        await client.SubscribeAsync("t/#", QualityOfService.ExactlyOnce);
        using var enough = new CancellationTokenSource();
        var publishing = Enumerable.Range(0, 3).Select(async node =>
        {
            var publisher = await fleet.ConnectAsync(node, $"p{node}");
            var count = 0;
            for (; !enough.IsCancellationRequested; count++)
            {
                (await publisher.PublishAsync($"t/{node}", $"{count}", QualityOfService.ExactlyOnce)).ShouldBe(ReasonCode.Success);
            }

            return count;
        }).ToList();

        var got = new List<int>[] { [], [], [] };
        var unreleased = new HashSet<ushort>();
        for (var move = 1; move <= Moves; move++)
        {
            var until = got.Sum(one => one.Count) + 60;
            while (got.Sum(one => one.Count) < until)
            {
                await TakeAsync(client, got, unreleased);
            }

            (client, var isPresent) = await fleet.ResumeAsync(move % 3, "c");
            isPresent.ShouldBeTrue($"move {move}");
        }

        await enough.CancelAsync();
        var counts = await Eventually.CompletesAsync("publishers end", Task.WhenAll(publishing));
        while (got.Sum(one => one.Count) < counts.Sum())
        {
            await TakeAsync(client, got, unreleased);
        }

        for (var node = 0; node < 3; node++)
        {
            got[node].ShouldBe(Enumerable.Range(0, counts[node]), $"the messages of node {node}");
        }

        while (unreleased.Count > 0)
        {
            await TakeAsync(client, got, unreleased);
        }

        await client.ExpectNothingAsync();
    }

    [Fact]
    public async Task Connect_OnThreeNodesAtOnce_LeavesOneConnection()
    {
        await using var fleet = await Fleet.StartAsync();
        for (var round = 0; round < 10; round++)
        {
            var clients = await Task.WhenAll(Enumerable.Range(0, 3).Select(node => fleet.OpenAsync(node)));
            var answers = await Task.WhenAll(clients.Select(async client =>
            {
                await client.SendAsync(ConnectWriter.Write(Fleet.Lasting(client, $"c{round % 3}")));
                return await client.ExpectAsync<ConnAckPacket>();
            }));
            answers.ShouldContain(answer => answer.Reason == ReasonCode.Success);
            await Eventually.HoldsAsync("one has it, with its client", () => Holders().ToList() is [{ IsConnected: true }]);
            var holder = Holders().Single().Node;
            for (var node = 0; node < 3; node++)
            {
                switch (answers[node].Reason)
                {
                    case ReasonCode.Success when node == holder:
                        await clients[node].PingAsync();
                        break;
                    case ReasonCode.Success:
                        await clients[node].ExpectClosedAsync(ReasonCode.SessionTakenOver);
                        break;
                    case var reason:
                        reason.ShouldBeOneOf(ReasonCode.ServerBusy, ReasonCode.ServerUnavailable);
                        node.ShouldNotBe(holder);
                        await clients[node].ExpectEndAsync();
                        break;
                }
            }

            IEnumerable<(int Node, bool IsConnected)> Holders() => Enumerable.Range(0, 3)
                .Select(node => (node, fleet.Nodes[node].Mqtt.Broker.FindSession($"c{round % 3}")))
                .Where(one => one.Item2 is not null).Select(one => (one.node, one.Item2!.ConnectionId is not null));
        }
    }

    [Fact]
    public async Task Connect_ToASessionOfANodeThatHasStopped_IsRefusedUntilThatIsBack()
    {
        await using var fleet = await Fleet.StartAsync(2, isStored: true);
        var (first, _) = await fleet.ResumeAsync(0, "c");
        await first.SubscribeAsync("t", QualityOfService.AtLeastOnce);
        await fleet.StopAsync(0);
        await fleet.Nodes[1].HappensAsync<PeerLeft>("it has stopped");

        var refused = await fleet.OpenAsync(1);
        var answer = await refused.ExpectRefusalAsync(Fleet.Lasting(refused, "c"));
        answer.Reason.ShouldBe(ReasonCode.ServerUnavailable);
        answer.Properties.ReasonString.ShouldNotBeNull().ShouldContain("n1");

        await fleet.StartAsync(0);
        await fleet.IsWholeAsync();
        (await fleet.ResumeAsync(1, "c")).IsPresent.ShouldBeTrue();
    }

    // What is published for a session while its node is gone is kept where it is published, also when that node is started again meanwhile.
    [Fact]
    public async Task Publish_ForASessionOfANodeThatIsGone_ComesWhenItIsBack()
    {
        await using var fleet = await Fleet.StartAsync(isStored: true);
        var (client, _) = await fleet.ResumeAsync(0, "c");
        await client.SubscribeAsync("t/#", QualityOfService.AtLeastOnce);
        await client.DisconnectAsync();
        await client.ExpectEndAsync();
        await fleet.StopAsync(0);
        await fleet.Nodes[1].HappensAsync<PeerLeft>("it has stopped");
        await fleet.Nodes[2].HappensAsync<PeerLeft>("it has stopped");

        await PublishAsync(node: 1, from: 0);
        await PublishAsync(node: 2, from: 0);
        await fleet.StopAsync(1);
        await fleet.StartAsync(1);
        await PublishAsync(node: 1, from: 20);
        fleet.Nodes[1].Mqtt.Broker.GetSessions().ShouldContain(session => session.ClientId == "$node/n1" && session.Queued == 40);
        await fleet.StartAsync(0);
        await fleet.IsWholeAsync();
        await PublishAsync(node: 1, from: 40);
        await PublishAsync(node: 2, from: 20);

        (client, var isPresent) = await fleet.ResumeAsync(0, "c");
        isPresent.ShouldBeTrue();
        var got = new List<int>[] { [], [], [] };
        for (var i = 0; i < 100; i++)
        {
            var came = await client.ExpectAsync<ReceivedPublish>();
            got[came.Topic[^1] - '0'].Add(int.Parse(came.Text));
        }

        got[1].ShouldBe(Enumerable.Range(0, 60));
        got[2].ShouldBe(Enumerable.Range(0, 40));
        await client.ExpectNothingAsync();
        await Eventually.HoldsAsync(
            "nothing is kept any more",
            () => fleet.Nodes.All(node => node.Mqtt.Broker.GetSessions().All(session => !session.ClientId.StartsWith('$'))));

        async Task PublishAsync(int node, int from)
        {
            await using var publisher = await fleet.ConnectAsync(node, $"p{node}.{from}");
            for (var i = from; i < from + 20; i++)
            {
                (await publisher.PublishAsync($"t/{node}", $"{i}", QualityOfService.AtLeastOnce)).ShouldBe(ReasonCode.Success);
            }
        }
    }

    private static async Task TakeAsync(MqttTestClient client, List<int>[] got, HashSet<ushort> unreleased)
    {
        switch (await client.ReadAsync("a message comes"))
        {
            case ReceivedPublish came:
                if (unreleased.Add(came.PacketId))
                {
                    got[came.Topic[^1] - '0'].Add(int.Parse(came.Text));
                }

                await client.AckAsync(PacketType.PubRec, came.PacketId);
                break;
            case AckPacket { Type: PacketType.PubRel } released:
                unreleased.Remove(released.PacketId);
                await client.AckAsync(PacketType.PubComp, released.PacketId);
                break;
            case var other:
                other.ShouldBeNull("nothing else comes");
                break;
        }
    }
}
