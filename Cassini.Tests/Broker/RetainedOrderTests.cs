using System.Globalization;
using System.Text;
using Cassini.Streams.Broker;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Mqtt.Properties;
using Cassini.Streams.Quotas;
using Cassini.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cassini.Tests.Broker;

/// <summary>
/// A subscription that meets retained messages on their way: none is missed, none comes twice, and none comes after a newer one.
/// </summary>
public class RetainedOrderTests
{
    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Subscribe_AndPublishInOneBatch_GetsTheMessageOnce(int version)
    {
        await using var rig = new BrokerRig();
        await rig.Broker.PublishAsync(Message("t/1", "old"));
        await rig.Broker.PublishAsync(Message("t/2", "other"));
        var client = await rig.ConnectAsync("a", version);
        var subscribe = new SubscribePacket(
            1, [new SubscriptionRequest("t/#", QualityOfService.AtLeastOnce, false, false, RetainHandling.Send)], PropertySet.Empty);

        await client.SendAsync(
            subscribe.Write(client.Version),
            client.Publish("t/1", "new", retain: true),
            client.Publish("t/1", "newer", retain: true));

        (await client.ExpectPublishAsync("t/1", "new")).Retain.ShouldBeFalse("it was published after the subscription");
        (await client.ExpectPublishAsync("t/1", "newer")).Retain.ShouldBeFalse();
        await client.ExpectAsync<SubAckPacket>();
        (await client.ExpectPublishAsync("t/2", "other")).Retain.ShouldBeTrue();
        await client.ExpectNothingAsync();
    }

    [Theory]
    [InlineData(QualityOfService.AtMostOnce)]
    [InlineData(QualityOfService.AtLeastOnce)]
    public async Task Subscribe_DuringPublishes_GetsEachOnceAndInOrder(QualityOfService qos)
    {
        const int Subscriptions = 40;
        const int Messages = 20;
        await using var rig = new BrokerRig();
        await rig.Broker.PublishAsync(Message("t", "0", qos));
        using var stop = new CancellationTokenSource();
        var publisher = Task.Run(async () =>
        {
            for (var i = 1; !stop.IsCancellationRequested; i++)
            {
                await rig.Broker.PublishAsync(Message("t", i.ToString(CultureInfo.InvariantCulture), qos));
            }
        });
        try
        {
            for (var round = 0; round < Subscriptions; round++)
            {
                var connection = await rig.OpenAsync($"c{round}");
                var client = connection.Client;
                await client.SendAsync(
                    new SubscribePacket(1, [new SubscriptionRequest("t", qos, false, false, RetainHandling.Send)], PropertySet.Empty)
                        .Write(client.Version));
                var seen = new List<int>();
                while (seen.Count < Messages)
                {
                    if (await client.ReadAsync("a message comes") is ReceivedPublish message)
                    {
                        seen.Add(int.Parse(message.Text, CultureInfo.InvariantCulture));
                    }
                }

                seen.ShouldBe(Enumerable.Range(seen[0], Messages), $"round {round}");
                await connection.LoseAsync();
            }
        }
        finally
        {
            await stop.CancelAsync();
        }

        await Eventually.CompletesAsync("the publisher ends", publisher);
    }

    // A publisher of QoS 0 that does not see it takes no lock: so no retained message may be on its way without it.
    [Fact]
    public async Task KeepsOrder_FromTheSubscriptionToTheLastRetainedMessage_IsSet()
    {
        await using var rig = new BrokerRig();
        for (var i = 0; i < 3; i++)
        {
            await rig.Broker.PublishAsync(Message($"t/{i}", "old", QualityOfService.AtLeastOnce));
        }

        var connection = await rig.OpenAsync("a", change: BrokerRig.Lasting);
        var deliveries = rig.Broker.Sessions.Find("a")!.Deliveries;
        var seen = new List<bool>();
        rig.Store.PuttingSubscription = rig.Store.PuttingDelivery = () => seen.Add(deliveries.KeepsOrder);
        deliveries.KeepsOrder.ShouldBeFalse();

        await connection.Client.SubscribeAsync("t/#", QualityOfService.AtLeastOnce);
        for (var i = 0; i < 3; i++)
        {
            await connection.Client.ExpectPublishAsync($"t/{i}", "old");
        }

        await connection.Client.ExpectNothingAsync();
        seen.ShouldBe([true, true, true, true]);
        deliveries.KeepsOrder.ShouldBeFalse();
    }

    [Fact]
    public async Task Observe_MessageRetainedInBetween_GetsItOnceAndLast()
    {
        var time = new HookedTime();
        var broker = new MqttBroker(
            new BrokerOptions(), "1.2.3", new AccountTable(QuotaOptions.Whole), NoStore.Instance, new RecordingPublisher(), time,
            NullLogger<MqttBroker>.Instance);
        await broker.PublishAsync(Message("t", "old"));
        var seen = new List<string>();
        var ended = new TaskCompletionSource();
        var published = new TaskCompletionSource();
        time.OnNextTimestamp(() =>
        {
            broker.PublishAsync(Message("t", "new")).AsTask().GetAwaiter().GetResult();
            published.SetResult();
        });

        using var observing = broker.Observe("t").Subscribe(
            message =>
            {
                seen.Add(Encoding.UTF8.GetString(message.Payload.Span));
                if (seen[^1] == "last")
                {
                    ended.SetResult();
                }
            },
            ended.SetException);
        await Eventually.CompletesAsync("the message in between is published", published.Task);
        await broker.PublishAsync(Message("t", "last"));

        await Eventually.CompletesAsync("the last message arrives", ended.Task);
        seen.ShouldBe(["new", "last"]);
    }

    [Fact]
    public async Task Deliver_ToOneSubscriber_DoesNotHoldUpARetainedPublish()
    {
        var retained = new TestMemory().Retained();
        retained.Set(Stored("t/1"));
        retained.Set(Stored("t/2"));
        var delivered = 0;
        foreach (var message in retained.Match("t/#"u8))
        {
            await Eventually.CompletesAsync("a publish meanwhile", Task.Run(() => retained.Set(Stored("t/3"))), TimeSpan.FromSeconds(5));
            delivered++;
        }

        delivered.ShouldBeGreaterThan(1);
    }

    private static StoredMessage Stored(string topic) =>
        new(new Topic(Encoding.UTF8.GetBytes(topic), true, 0), [1], [], QualityOfService.AtMostOnce, null);

    private static MqttMessage Message(string topic, string text, QualityOfService qos = QualityOfService.AtMostOnce) =>
        new() { Topic = topic, Payload = Encoding.UTF8.GetBytes(text), Retain = true, QoS = qos };
}
