using Cassini.Streams.Broker.Model;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Tests.Support;

namespace Cassini.Tests.Broker;

public class DrainTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Intake_Closed_WhatIsPublishedIsNeitherAcknowledgedNorDelivered(int version)
    {
        await using var rig = new BrokerRig();
        var subscriber = await rig.ConnectAsync("subscriber");
        await subscriber.SubscribeAsync("jobs");
        var publisher = await rig.ConnectAsync("publisher", version);

        await Eventually.CompletesAsync("the intake closes", rig.Broker.Drain.CloseIntakeAsync(Token));
        await publisher.SendAsync(publisher.Publish("jobs", "late", QualityOfService.AtLeastOnce, publisher.NextPacketId()));

        await publisher.ExpectNothingAsync();
        await subscriber.ExpectNothingAsync();
    }

    [Fact]
    public async Task Deliver_ClientWithNothingToGet_IsDisconnectedAtOnce()
    {
        await using var rig = new BrokerRig(options => options with { ServerReference = "other.example:8883" });
        var client = await rig.ConnectAsync("client");
        var old = await rig.ConnectAsync("old", version: 4);

        await DrainAsync(rig);

        (await client.ExpectClosedAsync(ReasonCode.ServerShuttingDown))!.Properties.ServerReference.ShouldBe("other.example:8883");
        await old.ExpectEndAsync();
    }

    [Fact]
    public async Task Deliver_NothingConfigured_NamesNoOtherServer()
    {
        await using var rig = new BrokerRig();
        var client = await rig.ConnectAsync("client");

        await DrainAsync(rig);

        (await client.ExpectClosedAsync(ReasonCode.ServerShuttingDown))!.Properties.ServerReference.ShouldBeNull();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Deliver_ClientThatHasNotAcknowledged_IsDisconnectedOnlyAfterIt(int level)
    {
        var qos = (QualityOfService)level;
        await using var rig = new BrokerRig();
        var slow = await rig.ConnectAsync(
            "slow", change: connect => connect with { Properties = connect.Properties with { ReceiveMaximum = 1 } });
        await slow.SubscribeAsync("jobs");
        var publisher = await rig.ConnectAsync("publisher");
        await publisher.PublishAsync("jobs", "one", qos);
        await publisher.PublishAsync("jobs", "two", qos);

        await Eventually.CompletesAsync("the intake closes", rig.Broker.Drain.CloseIntakeAsync(Token));
        var draining = rig.Broker.Drain.DeliverAsync(Token);
        await publisher.ExpectClosedAsync(ReasonCode.ServerShuttingDown);
        draining.IsCompleted.ShouldBeFalse();
        rig.Broker.Drain.Rest.ShouldBe(new DrainRest(1, 2, 0));

        await AcceptAsync(slow, "one", qos);
        await AcceptAsync(slow, "two", qos);
        await AdvanceUntilAsync(rig, draining);
        await slow.ExpectClosedAsync(ReasonCode.ServerShuttingDown);
        rig.Broker.Drain.Rest.ShouldBe(default);
    }

    [Fact]
    public async Task Deliver_Cancelled_LeavesTheClientThatHasNotAcknowledged()
    {
        await using var rig = new BrokerRig();
        var silent = await rig.ConnectAsync("silent");
        await silent.SubscribeAsync("jobs");
        await rig.Broker.PublishAsync(
            new MqttMessage { Topic = "jobs", Payload = "one"u8.ToArray(), QoS = QualityOfService.AtLeastOnce }, Token);
        using var deadline = new CancellationTokenSource();

        await Eventually.CompletesAsync("the intake closes", rig.Broker.Drain.CloseIntakeAsync(Token));
        var draining = rig.Broker.Drain.DeliverAsync(deadline.Token);
        await deadline.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(draining);
        rig.Broker.Drain.Rest.ShouldBe(new DrainRest(1, 1, 0));
    }

    /// <summary>What waits for an offline client is reported, because it ends with a store in memory.</summary>
    [Fact]
    public async Task Rest_SessionWithoutAConnection_IsCountedApart()
    {
        await using var rig = new BrokerRig();
        var away = await rig.OpenAsync("away", change: BrokerRig.Lasting);
        await away.Client.SubscribeAsync("jobs");
        await away.Client.DisconnectAsync();
        await Eventually.CompletesAsync("it is gone", away.Served);
        await rig.Broker.PublishAsync(
            new MqttMessage { Topic = "jobs", Payload = "one"u8.ToArray(), QoS = QualityOfService.AtLeastOnce }, Token);

        await DrainAsync(rig);

        rig.Broker.Drain.Rest.ShouldBe(new DrainRest(0, 0, 1));
    }

    /// <summary>
    /// A reader that is in the middle of a batch still acknowledges it: the drain waits for it, whatever ends its connection.
    /// </summary>
    [Fact]
    public async Task CloseIntake_PublisherThatIsToEndInTheMiddleOfABatch_IsWaitedFor()
    {
        await using var rig = new BrokerRig();
        var publisher = await rig.OpenAsync("publisher");
        var subscriber = await rig.ConnectAsync("subscriber");
        await subscriber.SubscribeAsync("jobs");
        using var held = new ManualResetEventSlim();
        var inBatch = new TaskCompletionSource();
        rig.Events.Published = happened =>
        {
            if (happened is TopicCreated)
            {
                inBatch.SetResult();
                held.Wait(Token);
            }
        };
        await publisher.Client.SendAsync(publisher.Client.Publish("jobs", "one", QualityOfService.AtLeastOnce, 1));
        await Eventually.CompletesAsync("the batch is under way", inBatch.Task);
        publisher.Transport.Close(CloseReason.Disconnected);

        var closing = rig.Broker.Drain.CloseIntakeAsync(Token);
        rig.Advance(1);
        closing.IsCompleted.ShouldBeFalse();
        held.Set();
        await AdvanceUntilAsync(rig, closing);

        rig.Broker.Drain.Rest.Messages.ShouldBe(1);
        await publisher.Client.ExpectAckAsync(PacketType.PubAck, 1);
    }

    [Theory]
    [InlineData(5, null, nameof(ReasonCode.ServerUnavailable))]
    [InlineData(5, "other.example", nameof(ReasonCode.UseAnotherServer))]
    [InlineData(4, "other.example", nameof(ReasonCode.ServerUnavailable))]
    public async Task Connect_IntakeClosed_IsRefused(int version, string? elsewhere, string reason)
    {
        await using var rig = new BrokerRig(options => options with { ServerReference = elsewhere });
        await rig.Broker.Drain.CloseIntakeAsync(Token);

        var late = rig.Open(version);
        var answer = await late.Client.ExpectRefusalAsync(late.Client.Connect("late"));

        answer.Properties.ServerReference.ShouldBe(version == 5 ? elsewhere : null);
        if (version == 5)
        {
            answer.Reason.ToString().ShouldBe(reason);
        }
    }

    [Fact]
    public async Task PublishAsync_IntakeClosed_IsRefused()
    {
        await using var rig = new BrokerRig();
        await rig.Broker.Drain.CloseIntakeAsync(Token);

        (await rig.Broker.PublishAsync(new MqttMessage { Topic = "jobs", Payload = "late"u8.ToArray() }, Token))
            .ShouldBe(PublishOutcome.Refused);
    }

    private static async Task AcceptAsync(MqttTestClient client, string payload, QualityOfService qos)
    {
        var message = await client.ExpectPublishAsync("jobs", payload);
        if (qos == QualityOfService.AtLeastOnce)
        {
            await client.AckAsync(PacketType.PubAck, message.PacketId);
            return;
        }

        await client.AckAsync(PacketType.PubRec, message.PacketId);
        await client.ExpectAckAsync(PacketType.PubRel, message.PacketId);
        await client.AckAsync(PacketType.PubComp, message.PacketId);
    }

    private static async Task DrainAsync(BrokerRig rig)
    {
        await Eventually.CompletesAsync("the intake closes", rig.Broker.Drain.CloseIntakeAsync(Token));
        await AdvanceUntilAsync(rig, rig.Broker.Drain.DeliverAsync(Token));
    }

    private static Task AdvanceUntilAsync(BrokerRig rig, Task draining) => Eventually.HoldsAsync("the drain ends", () =>
    {
        rig.Advance(0.05);
        return draining.IsCompleted;
    });
}
