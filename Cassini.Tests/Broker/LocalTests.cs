using System.Collections.Concurrent;
using System.Reactive.Linq;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Mqtt;
using Cassini.Tests.Support;

namespace Cassini.Tests.Broker;

/// <summary>Publishing and observing from .NET code in the process.</summary>
public class LocalTests
{
    private static readonly MqttMessage Full = new()
    {
        Topic = "t",
        Payload = "text"u8.ToArray(),
        QoS = QualityOfService.AtLeastOnce,
        ExpiresAfter = TimeSpan.FromSeconds(30),
        IsText = true,
        ContentType = "text/plain",
        ResponseTopic = "answers",
        CorrelationData = [1, 2],
        UserProperties = [new("b", "1"), new("a", "2"), new("b", "3")],
    };

    [Fact]
    public async Task Publish_ReachesClientsWithAllItsProperties()
    {
        await using var rig = new BrokerRig();
        (await rig.Broker.PublishAsync(Full)).ShouldBe(PublishOutcome.NoSubscribers);
        var client = await rig.ConnectAsync("a");
        await client.SubscribeAsync("t");
        (await rig.Broker.PublishAsync(Full)).ShouldBe(PublishOutcome.Delivered);
        var message = await client.ExpectPublishAsync("t", "text");
        message.QoS.ShouldBe(QualityOfService.AtLeastOnce);
        message.Properties.ShouldSatisfyAllConditions(
            p => p.MessageExpiryInterval.ShouldBe(30u),
            p => p.PayloadFormatIndicator.ShouldBe((byte)1),
            p => p.ContentType.ShouldBe("text/plain"),
            p => p.ResponseTopic.ShouldBe("answers"),
            p => p.CorrelationData!.Value.ShouldBe([1, 2]),
            p => p.UserProperties.ShouldBe(Full.UserProperties));
    }

    [Fact]
    public async Task Observe_GetsWhatIsRetainedAndThenWhatIsPublished()
    {
        await using var rig = new BrokerRig();
        await rig.Broker.PublishAsync(Full with { Retain = true });
        var seen = new BlockingList();
        using (rig.Broker.Observe("t/#").Subscribe(seen.Add, _ => { }))
        {
            await seen.HasAsync(1);
            await (await rig.ConnectAsync("p")).PublishAsync("t/1", "live");
            await seen.HasAsync(2);
        }

        await rig.Broker.PublishAsync(Full);
        rig.Broker.Tree.Count.ShouldBe(0);
        var retained = seen.Messages[0];
        retained.ShouldSatisfyAllConditions(
            m => m.Retain.ShouldBeTrue(),
            m => m.Payload.ToArray().ShouldBe("text"u8.ToArray()),
            m => m.ExpiresAfter.ShouldBe(TimeSpan.FromSeconds(30)),
            m => m.IsText.ShouldBe(true),
            m => m.ContentType.ShouldBe("text/plain"),
            m => m.ResponseTopic.ShouldBe("answers"),
            m => m.CorrelationData!.Value.ShouldBe([1, 2]),
            m => m.UserProperties.ShouldBe(Full.UserProperties));
        (seen.Messages[1].Topic, seen.Messages[1].Retain).ShouldBe(("t/1", false));
    }

    [Fact]
    public async Task Observe_WithMoreRetainedThanTheQueueHolds_GetsThemAll()
    {
        await using var rig = new BrokerRig();
        for (var i = 0; i < 20_000; i++)
        {
            await rig.Broker.PublishAsync(new MqttMessage { Topic = $"t/{i}", Payload = new byte[] { 1 }, Retain = true });
        }

        var seen = new BlockingList();
        using var subscription = rig.Broker.Observe("t/#").Subscribe(seen.Add, _ => { });
        await seen.HasAsync(20_000);
        rig.Broker.Counters.Dropped.ShouldBe(0);
    }

    [Fact]
    public async Task Observe_Shared_TakesTurnsAndGetsNothingRetained()
    {
        await using var rig = new BrokerRig();
        await rig.Broker.PublishAsync(Full with { Retain = true });
        var (one, two) = (new BlockingList(), new BlockingList());
        using var first = rig.Broker.Observe("$share/g/t").Subscribe(one.Add, _ => { });
        using var second = rig.Broker.Observe("$share/g/t").Subscribe(two.Add, _ => { });
        for (var i = 0; i < 4; i++)
        {
            await rig.Broker.PublishAsync(Full);
        }

        await one.HasAsync(2);
        await two.HasAsync(2);
        one.Messages.Concat(two.Messages).ShouldAllBe(message => !message.Retain);
    }

    [Fact]
    public async Task Observer_ThatThrows_LosesItsSubscriptionAndAffectsNoOther()
    {
        await using var rig = new BrokerRig();
        var seen = new BlockingList();
        using var bad = rig.Broker.Observe("t").Subscribe(_ => throw new InvalidOperationException("boom"), _ => { });
        using var good = rig.Broker.Observe("t").Subscribe(seen.Add, _ => { });
        await rig.Broker.PublishAsync(Full);
        await Eventually.HoldsAsync("its subscription ends", () => rig.Broker.Tree.Count == 1);
        await rig.Broker.PublishAsync(Full);
        await seen.HasAsync(2);
    }

    [Fact]
    public async Task Observer_ThatThrows_LearnsThatItIsNoLongerCalled()
    {
        await using var rig = new BrokerRig();
        var ended = new TaskCompletionSource<Exception>();
        using var observing = rig.Broker.Observe("t").Subscribe(_ => throw new InvalidOperationException("boom"), ended.SetResult);
        await rig.Broker.PublishAsync(Full);
        (await Eventually.CompletesAsync("the observer gets its error", ended.Task)).Message.ShouldBe("boom");
    }

    [Fact]
    public async Task Observer_ThatIsSlow_LosesMessagesAndSlowsNoOther()
    {
        await using var rig = new BrokerRig();
        using var release = new ManualResetEventSlim();
        var count = 0;
        using var slow = rig.Broker.Observe("t").Subscribe(
            _ =>
            {
                release.Wait(Eventually.Deadline);
                Interlocked.Increment(ref count);
            },
            _ => { });
        var quick = await rig.ConnectAsync("quick");
        await quick.SubscribeAsync("u");
        for (var i = 0; i < 17_000; i++)
        {
            await rig.Broker.PublishAsync(new MqttMessage { Topic = "t" });
        }

        await rig.Broker.PublishAsync(new MqttMessage { Topic = "u" });
        await quick.ExpectPublishAsync("u", "");
        var dropped = rig.Broker.Counters.Dropped;
        dropped.ShouldBeInRange(500, 700);
        rig.Advance(1);
        rig.Events.Of<Streams.Events.MessagesDropped>().ShouldBe([new Streams.Events.MessagesDropped(null, dropped)]);
        release.Set();
        await Eventually.HoldsAsync("the others arrive", () => Volatile.Read(ref count) == 17_000 - dropped);
    }

    // It has come to the subscribers: a caller that publishes it again would deliver it twice.
    [Fact]
    public async Task Publish_NoRoomToRetainIt_IsNotRefused()
    {
        await using var rig = new BrokerRig(options => options with { MaxRetained = 1 });
        var client = await rig.ConnectAsync("a");
        await client.SubscribeAsync("t");
        await rig.Broker.PublishAsync(Full with { Topic = "other", Retain = true });

        (await rig.Broker.PublishAsync(Full with { Topic = "t", Retain = true })).ShouldBe(PublishOutcome.NotRetained);

        (await client.ExpectAsync<ReceivedPublish>()).Topic.ShouldBe("t");
    }

    // What is published after the end is no loss of an observer's.
    [Fact]
    public async Task Complete_ObserverIsStillBusy_GetsNoFurtherMessages()
    {
        await using var rig = new BrokerRig();
        using var release = new ManualResetEventSlim();
        var called = new TaskCompletionSource();
        var seen = 0;
        using var observing = rig.Broker.Observe("t").Subscribe(_ =>
        {
            called.TrySetResult();
            release.Wait(Eventually.Deadline);
            seen++;
        });
        await rig.Broker.PublishAsync(new MqttMessage { Topic = "t" });
        await Eventually.CompletesAsync("the observer is called", called.Task);

        var completing = rig.Broker.CompleteAsync();
        var late = await rig.Broker.PublishAsync(new MqttMessage { Topic = "t" });
        release.Set();
        await Eventually.CompletesAsync("the observer returns", completing);

        late.ShouldBe(PublishOutcome.NoSubscribers);
        seen.ShouldBe(1);
        rig.Broker.Counters.Dropped.ShouldBe(0);
        rig.Broker.Tree.Count.ShouldBe(0);
    }

    [Fact]
    public async Task Publish_AtTheMemoryCeiling_WaitsAndThenIsRefused()
    {
        await using var rig = new BrokerRig(options => options with { MemoryLimit = 1_000_000 });
        rig.Broker.Budget.Take(1_000_000);
        var publishing = rig.Broker.PublishAsync(Full).AsTask();
        await Eventually.HoldsAsync("it waits", () => rig.Clock.Time.ArmedTimers == 1);
        rig.Advance(5.1);
        (await publishing).ShouldBe(PublishOutcome.Refused);
        publishing = rig.Broker.PublishAsync(Full).AsTask();
        await Eventually.HoldsAsync("it waits", () => rig.Clock.Time.ArmedTimers == 1);
        rig.Broker.Budget.Return(1_000_000);
        (await publishing).ShouldBe(PublishOutcome.NoSubscribers);
    }

    [Fact]
    public async Task Publish_OfWhatNoClientCouldPublish_IsAnArgumentError()
    {
        await using var rig = new BrokerRig(options => options with { MaxPacketSize = 100_000 });
        foreach (var wrong in new[]
        {
            Full with { Topic = "" },
            Full with { Topic = "a/+" },
            Full with { Topic = "a\0b" },
            Full with { Topic = "a\uD800" },
            Full with { Topic = new string('x', 2000) },
            Full with { ContentType = "a\0" },
            Full with { ContentType = "\uDC00" },
            Full with { ContentType = new string('x', 70_000) },
            Full with { ResponseTopic = "a/#" },
            Full with { ResponseTopic = "" },
            Full with { CorrelationData = [.. new byte[70_000]] },
            Full with { UserProperties = [new("a", "\0")] },
            Full with { UserProperties = [new("\uD800", "b")] },
            Full with { UserProperties = [new("a", new string('x', 65_536))] },
            Full with { Payload = new byte[100_001] },
        })
        {
            await Should.ThrowAsync<ArgumentException>(async () => await rig.Broker.PublishAsync(wrong), $"{wrong}");
        }

        foreach (var filter in new[] { "", "a#", "$share/g", "$share//a", "a\uD800" })
        {
            Should.Throw<ArgumentException>(() => rig.Broker.Observe(filter), filter);
        }
    }

    private sealed class BlockingList
    {
        private readonly ConcurrentQueue<MqttMessage> _messages = new();

        public IReadOnlyList<MqttMessage> Messages => [.. _messages];

        public void Add(MqttMessage message) => _messages.Enqueue(message);

        public Task HasAsync(int count) =>
            Eventually.BecomesAsync($"{count} messages are there", () => _messages.Count, seen => seen == count);
    }
}
