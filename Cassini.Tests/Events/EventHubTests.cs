using System.Collections.Concurrent;
using System.Reactive;
using System.Reactive.Linq;
using System.Reactive.Threading.Tasks;
using Cassini.Streams.Events;
using Cassini.Streams.Events.Hub;
using Cassini.Tests.Support;

namespace Cassini.Tests.Events;

public class EventHubTests
{
    private static readonly TopicCreated Anything = new("t");

    [Fact]
    public async Task Publish_FromManyThreads_GivesOneTotalOrderWithoutHoles()
    {
        const int Publishers = 8;
        const int Each = 5_000;
        var hub = new EventHub(TimeProvider.System, new EventHubOptions { PendingCapacity = 64 });
        var folded = new List<EventEnvelope>();
        using var fold = hub.Inputs.ValidateSynchronization().Where(input => !input.IsTick).Subscribe(input => folded.Add(input.Envelope!));

        await Task.WhenAll(Enumerable.Range(0, Publishers).Select(publisher => Task.Factory.StartNew(
            () =>
            {
                for (var i = 0; i < Each; i++)
                {
                    hub.Publish(new TopicCreated($"{publisher}/{i}"));
                    hub.Tick();
                }
            },
            TaskCreationOptions.LongRunning)));
        await hub.CompleteAsync();

        folded.Select(envelope => envelope.Sequence).ShouldBe(Enumerable.Range(1, Publishers * Each).Select(i => (long)i));
        folded.Zip(folded.Skip(1)).ShouldAllBe(pair => pair.First.Elapsed <= pair.Second.Elapsed);
        foreach (var mine in folded.Select(envelope => ((TopicCreated)envelope.Event).Topic.Split('/')).GroupBy(topic => topic[0]))
        {
            mine.Select(topic => int.Parse(topic[1])).ShouldBe(Enumerable.Range(0, Each), "each publisher's own order is kept");
        }

        hub.FoldFaults.ShouldBe(0);
    }

    [Fact]
    public async Task ObserveFromStart_LateSubscription_GetsWhatTheLogHas()
    {
        var hub = new EventHub(TimeProvider.System);
        hub.Publish(new TopicCreated("before"));
        var observed = hub.ObserveFromStart("test").ToList().ToTask(TestContext.Current.CancellationToken);
        hub.Publish(new TopicCreated("after"));

        await hub.CompleteAsync();

        (await observed).Select(delivery => delivery.Envelope!.Event).ShouldBe([new TopicCreated("before"), new TopicCreated("after")]);
    }

    [Fact]
    public async Task Publish_WhileAFoldIsBusy_DoesNotWaitForIt()
    {
        var hub = new EventHub(TimeProvider.System);
        var entered = new TaskCompletionSource();
        using var release = new ManualResetEventSlim();
        using var fold = hub.Inputs.Take(1).Subscribe(_ =>
        {
            entered.SetResult();
            release.Wait(TimeSpan.FromSeconds(20)).ShouldBeTrue();
        });
        var drainer = Task.Run(() => hub.Publish(Anything));
        await Eventually.CompletesAsync("the fold is busy", entered.Task);

        await Eventually.CompletesAsync("another publisher returns", Task.Run(() => hub.Publish(Anything)));
        hub.LastSequence.ShouldBe(2);

        release.Set();
        await Eventually.CompletesAsync("the first publisher returns", drainer);
        hub.Log.Newest.ShouldBe(2);
    }

    [Fact]
    public async Task Publish_LineFull_WaitsForRoomAndLosesNothing()
    {
        var hub = new EventHub(TimeProvider.System, new EventHubOptions { PendingCapacity = 16 });
        var entered = new TaskCompletionSource();
        using var release = new ManualResetEventSlim();
        var count = 0;
        using var fold = hub.Inputs.Subscribe(_ =>
        {
            if (++count == 1)
            {
                entered.SetResult();
                release.Wait(TimeSpan.FromSeconds(20)).ShouldBeTrue();
            }
        });
        var drainer = Task.Run(() => hub.Publish(Anything));
        await entered.Task;
        var others = Task.Run(() =>
        {
            for (var i = 0; i < 100; i++)
            {
                hub.Publish(Anything);
            }
        });
        await Eventually.HoldsAsync("the line is full", () => hub.LastSequence == 17);
        others.IsCompleted.ShouldBeFalse();

        release.Set();
        await Eventually.CompletesAsync("everybody gets through", Task.WhenAll(drainer, others));
        await hub.CompleteAsync();
        count.ShouldBe(101);
    }

    [Fact]
    public async Task Observe_SlowObserver_GetsAGapThatNamesWhatItMissedAndSlowsNoOther()
    {
        var hub = new EventHub(TimeProvider.System, new EventHubOptions { ObserverQueue = 100 });
        var deliveries = new ConcurrentQueue<Delivery>();
        var entered = new TaskCompletionSource();
        using var release = new ManualResetEventSlim();
        using var slow = hub.Observe("slow").Subscribe(
            delivery =>
            {
                deliveries.Enqueue(delivery);
                entered.TrySetResult();
                release.Wait(TimeSpan.FromSeconds(20));
            },
            _ => { });
        hub.Publish(Anything);
        await Eventually.CompletesAsync("the observer is busy", entered.Task);
        for (var i = 0; i < 1_000; i++)
        {
            hub.Publish(Anything);
        }

        release.Set();
        await Eventually.HoldsAsync("the gap is reported", () => deliveries.Count >= 2);
        hub.Publish(Anything);
        await hub.CompleteAsync();

        deliveries.Select(delivery => delivery.Envelope?.Sequence ?? -1).ShouldBe([1, -1, 1_002]);
        deliveries.ElementAt(1).Gap.ShouldBe(new Gap(2, 1_001));
    }

    [Fact]
    public async Task Observe_AnyNumber_SeeEveryEventOnceInOrderWithoutOverlap()
    {
        var hub = new EventHub(TimeProvider.System, new EventHubOptions { LogCapacity = 1 << 16, ObserverQueue = 1 << 16 });
        var seen = Enumerable.Range(0, 20).Select(_ => new List<long>()).ToArray();
        var completed = 0;
        foreach (var list in seen)
        {
            hub.Observe("observer").ValidateSynchronization().Subscribe(
                delivery => list.Add(delivery.Envelope?.Sequence ?? -1), _ => list.Add(-2), () => Interlocked.Increment(ref completed));
        }

        Parallel.For(0, 20_000, _ => hub.Publish(Anything));
        await hub.CompleteAsync();

        seen.ShouldAllBe(list => list.SequenceEqual(Enumerable.Range(1, 20_000).Select(i => (long)i)));
        completed.ShouldBe(20);
    }

    [Fact]
    public async Task Observe_Disposed_HearsNothingMoreAndIsNotCompleted()
    {
        var hub = new EventHub(TimeProvider.System);
        var seen = new ConcurrentQueue<long>();
        var completed = false;
        var subscription = hub.Observe("leaver")
            .Subscribe(delivery => seen.Enqueue(delivery.Envelope!.Sequence), _ => { }, () => completed = true);
        hub.Publish(Anything);
        await Eventually.HoldsAsync("the first event arrives", () => seen.Count == 1);

        subscription.Dispose();
        hub.Publish(Anything);
        await hub.CompleteAsync();

        seen.ShouldBe([1]);
        completed.ShouldBeFalse();
    }

    [Fact]
    public async Task Observe_AfterTheEnd_CompletesAtOnce()
    {
        var hub = new EventHub(TimeProvider.System);
        hub.Publish(Anything);
        await hub.CompleteAsync();

        var received = await Eventually.CompletesAsync("completion", hub.Observe("late").Materialize().ToList().ToTask());

        received.ShouldBe([Notification.CreateOnCompleted<Delivery>()]);
    }

    [Fact]
    public async Task Observe_ObserverThatPublishes_SeesItsEventAfterTheOneThatCausedIt()
    {
        var hub = new EventHub(TimeProvider.System);
        var answering = Topics(hub, "answering").Do(topic =>
        {
            if (topic == "question")
            {
                hub.Publish(new TopicCreated("answer"));
            }
        }).Take(2).ToList().ToTask();
        var other = Topics(hub, "other").Take(2).ToList().ToTask();

        hub.Publish(new TopicCreated("question"));

        (await Eventually.CompletesAsync("its own event", answering)).ShouldBe(["question", "answer"]);
        (await Eventually.CompletesAsync("the other observer", other)).ShouldBe(["question", "answer"]);
    }

    [Fact]
    public async Task Observe_ObserverThatUnsubscribesItself_ReceivesNothingMoreAndIsNotReported()
    {
        var hub = new EventHub(TimeProvider.System);
        var first = Topics(hub, "one").Take(1).Materialize().ToList().ToTask();
        var all = Topics(hub, "all").Materialize().ToList().ToTask();

        hub.Publish(new TopicCreated("a"));
        await Eventually.CompletesAsync("the first event", first);
        hub.Publish(new TopicCreated("b"));
        await hub.CompleteAsync();

        (await first).ShouldBe([Notification.CreateOnNext("a"), Notification.CreateOnCompleted<string>()]);
        (await all).ShouldBe(
            [Notification.CreateOnNext("a"), Notification.CreateOnNext("b"), Notification.CreateOnCompleted<string>()]);
    }

    private static IObservable<string> Topics(EventHub hub, string name) =>
        hub.Observe(name).Select(delivery => ((TopicCreated)delivery.Envelope!.Event).Topic);
}
