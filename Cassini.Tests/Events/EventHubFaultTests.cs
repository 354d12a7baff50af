using System.Collections.Concurrent;
using Cassini.Streams.Events;
using Cassini.Streams.Events.Hub;
using Cassini.Tests.Support;
using Microsoft.Extensions.Logging;

namespace Cassini.Tests.Events;

/// <summary>What the hub does with an observer or an inline fold that throws: others go on, and the cause is logged once.</summary>
public sealed class EventHubFaultTests : IDisposable
{
    private static readonly TopicCreated Anything = new("t");
    private readonly InvalidOperationException _failure = new("boom");
    private readonly RecordingLoggers _loggers = new();
    private readonly ConcurrentQueue<BrokerEvent> _received = new();
    private readonly EventHub _hub;
    private readonly IDisposable _good;

    public EventHubFaultTests()
    {
        _hub = new EventHub(TimeProvider.System, logger: _loggers.CreateLogger<EventHub>());
        _good = _hub.Observe("good").Subscribe(delivery => _received.Enqueue(delivery.Envelope!.Event), _ => { });
    }

    public void Dispose()
    {
        _good.Dispose();
        _loggers.Dispose();
    }

    [Fact]
    public async Task Observe_ObserverThrows_IsDetachedAndPublishedAndAffectsNoOther()
    {
        var calls = 0;
        var ended = false;
        using var bad = _hub.Observe("bad").Subscribe(
            _ =>
            {
                calls++;
                throw _failure;
            },
            _ => ended = true,
            () => ended = true);

        await PublishUntilCrashedAsync();
        _hub.Publish(new TopicCreated("later"));
        await _hub.CompleteAsync();

        _received.OfType<Crashed>().ShouldHaveSingleItem().ShouldBe(
            new Crashed(new Component(ComponentKind.Observer, "bad"), nameof(InvalidOperationException), "boom", 1, null));
        _received.Last().ShouldBe(new TopicCreated("later"));
        calls.ShouldBe(1);
        ended.ShouldBeFalse("an observer that threw is called no more");
    }

    [Fact]
    public async Task Observe_ObserverThrows_IsLoggedOnceWithItsStack()
    {
        using var bad = _hub.Observe("bad").Subscribe(_ => throw _failure, _ => { });

        await PublishUntilCrashedAsync();
        await _hub.CompleteAsync();

        var line = _loggers.Lines.ShouldHaveSingleItem();
        (line.Id, line.Level, line.Exception).ShouldBe((1051, LogLevel.Error, _failure));
        line.Text.ShouldBe("Observer bad failed and receives no more events");
        _failure.StackTrace!.ShouldContain(nameof(EventHubFaultTests));
    }

    [Fact]
    public async Task Observe_ObserverThrowsWhenTheHubCompletes_IsLoggedThoughNoEventCanBePublished()
    {
        using var bad = _hub.Observe("bad").Subscribe(_ => { }, _ => { }, () => throw _failure);

        await _hub.CompleteAsync();

        _loggers.Lines.ShouldHaveSingleItem().Exception.ShouldBe(_failure);
        _hub.LateEvents.ShouldBe(1);
    }

    [Fact]
    public async Task Observe_ObserverThrowsAtLength_IsPublishedWithTheBeginningOfItsMessage()
    {
        using var bad = _hub.Observe("bad").Subscribe(_ => throw new InvalidOperationException(new string('x', 10_000)), _ => { });

        await PublishUntilCrashedAsync();

        _received.OfType<Crashed>().Single().Message.ShouldBe(new string('x', 499) + "…");
    }

    [Fact]
    public async Task Observe_ObserverThrowsAndTheLogToo_AffectsNoOther()
    {
        _loggers.Logged = _ => throw new InvalidOperationException("a log that fails");
        using var bad = _hub.Observe("bad").Subscribe(_ => throw _failure, _ => { });

        await PublishUntilCrashedAsync();
        _hub.Publish(new TopicCreated("later"));
        await _hub.CompleteAsync();

        _received.Last().ShouldBe(new TopicCreated("later"));
    }

    [Fact]
    public async Task Fold_Throws_IsLoggedOnceWithItsStack()
    {
        using var fold = _hub.Inputs.Subscribe(_ => throw _failure, _ => { });

        _hub.Publish(Anything);
        _hub.Publish(Anything);
        await _hub.CompleteAsync();

        var line = _loggers.Lines.ShouldHaveSingleItem();
        (line.Id, line.Level, line.Exception).ShouldBe((1050, LogLevel.Error, _failure));
        line.Text.ShouldBe("A fold of the events failed and receives no more events: its result no longer changes. Restart the process");
        _failure.StackTrace!.ShouldContain(nameof(EventHubFaultTests));
        _hub.FoldFaults.ShouldBe(1);
    }

    [Fact]
    public async Task Fold_ThrowsAndTheLogToo_StopsNeitherTheOrderNorTheLog()
    {
        _loggers.Logged = _ => throw new InvalidOperationException("a log that fails");
        using var fold = _hub.Inputs.Subscribe(_ => throw _failure, _ => { });

        _hub.Publish(Anything);
        _hub.Publish(Anything);
        await _hub.CompleteAsync();

        _hub.Log.Newest.ShouldBe(2);
        _received.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Fold_ThrowsAndTheLogBlocks_NoPublisherWaitsForTheLog()
    {
        using var release = new ManualResetEventSlim();
        var ended = new TaskCompletionSource();
        _loggers.Logged = _ =>
        {
            release.Wait(Eventually.Deadline).ShouldBeTrue("the test releases the log");
            ended.SetResult();
        };
        using var fold = _hub.Inputs.Subscribe(_ => throw _failure, _ => { });

        await Eventually.CompletesAsync("the publisher returns", Task.Run(() => _hub.Publish(Anything)));
        await Eventually.HoldsAsync("the observer receives the event", () => _received.Count == 1);

        release.Set();
        await Eventually.CompletesAsync("the log goes on", ended.Task);
    }

    private async Task PublishUntilCrashedAsync()
    {
        _hub.Publish(Anything);
        await Eventually.HoldsAsync("the crash is published", () => _received.OfType<Crashed>().Any());
    }
}
