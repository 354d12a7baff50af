using System.Reactive;
using System.Reactive.Concurrency;
using System.Reactive.Linq;
using Cassini.Streams.Events;
using Cassini.Streams.Events.Hub;
using Cassini.Tests.Support;
using Cassini.Tests.VirtualTime;
using Microsoft.Reactive.Testing;

namespace Cassini.Tests.Events;

/// <summary>
/// What an inline fold of the hub receives, in virtual time: each input with the tick at which it came. A script says what is
/// published at which tick; the text "-" means a tick of the hub.
/// </summary>
public class EventHubInputsTests : ReactiveTest
{
    private readonly VirtualClock _clock = new();
    private readonly EventHub _hub;

    public EventHubInputsTests() => _hub = new EventHub(_clock.Time);

    [Fact]
    public void Inputs_EventsAndTicks_ArriveInOneOrderAtTheTickOfTheirPublication()
    {
        Play(OnNext(10, "a"), OnNext(20, "-"), OnNext(20, "b"), OnNext(20, "-"), OnCompleted<string>(30));
        var folded = Record();

        _clock.Scheduler.Start();

        folded.Messages.AssertEqual(OnNext(10, "a"), OnNext(20, "-"), OnNext(20, "b"), OnNext(20, "-"), OnCompleted<string>(30));
    }

    [Fact]
    public void Inputs_FoldThatComesLateAndLeavesEarly_ReceivesWhatIsPublishedWhileItIsSubscribed()
    {
        Play(OnNext(10, "a"), OnNext(20, "b"), OnNext(30, "c"), OnNext(40, "d"));

        var folded = _clock.Scheduler.Start(() => Names(_hub.Inputs), created: 1, subscribed: 15, disposed: 35);

        folded.Messages.AssertEqual(OnNext(20, "b"), OnNext(30, "c"));
    }

    [Fact]
    public void Inputs_EventPublishedByAFold_FollowsTheEventThatCausedItForEveryFold()
    {
        Play(OnNext(10, "a"), OnNext(20, "c"));
        var answering = Record(name => Answer(name, "a", "b"));
        var other = Record();

        _clock.Scheduler.Start();

        answering.Messages.AssertEqual(OnNext(10, "a"), OnNext(10, "b"), OnNext(20, "c"));
        other.Messages.AssertEqual(OnNext(10, "a"), OnNext(10, "b"), OnNext(20, "c"));
    }

    [Fact]
    public void Elapsed_WallClockStepped_IsStillTheTickOfPublication()
    {
        Play(OnNext(10, "a"), OnNext(20, "-"), OnNext(30, "b"));
        var elapsed = _clock.Scheduler.CreateObserver<long>();
        using var fold = _hub.Inputs.Select(input => input.Elapsed.Ticks).Subscribe(elapsed);
        _clock.Scheduler.ScheduleAbsolute(15, () => _clock.StepWallClock(TimeSpan.FromDays(-1)));

        _clock.Scheduler.Start();

        elapsed.Messages.AssertEqual(OnNext(10, 10L), OnNext(20, 20L), OnNext(30, 30L));
        _hub.Log.TryGet(1, out var first).ShouldBeTrue();
        _hub.Log.TryGet(2, out var second).ShouldBeTrue();
        second.Time.ShouldBeLessThan(first.Time);
        first.Id.ToString().ShouldBe($"{_hub.Epoch}-1");
    }

    [Fact]
    public void Fold_ThatThrows_IsDetachedAndStopsNeitherTheOrderNorTheLog()
    {
        Play(OnNext(10, "a"), OnNext(20, "b"), OnNext(30, "c"));
        var before = Record();
        var bad = Record(name => Fail(name, "b"));
        var after = Record();

        _clock.Scheduler.Start();

        before.Messages.AssertEqual(OnNext(10, "a"), OnNext(20, "b"), OnNext(30, "c"));
        bad.Messages.AssertEqual(OnNext(10, "a"), OnNext(20, "b"));
        after.Messages.AssertEqual(OnNext(10, "a"), OnNext(30, "c"));
        _hub.FoldFaults.ShouldBe(1);
        _hub.Log.Newest.ShouldBe(3);
    }

    [Fact]
    public async Task Complete_LaterEvents_AreCountedAsLate()
    {
        var folded = Record();
        _hub.Publish(new TopicCreated("a"));
        await _hub.CompleteAsync();
        await _hub.CompleteAsync();

        _hub.Publish(new TopicCreated("b"));
        _hub.Tick();

        folded.Messages.AssertEqual(OnNext(0, "a"), OnCompleted<string>(0));
        _hub.LateEvents.ShouldBe(1);
        _hub.LastSequence.ShouldBe(1);
    }

    private static IObservable<string> Names(IObservable<FoldInput> inputs) =>
        inputs.Select(input => input.Envelope is { } envelope ? ((TopicCreated)envelope.Event).Topic : "-");

    private static void Fail(string name, string at)
    {
        if (name == at)
        {
            throw new InvalidOperationException("a bug");
        }
    }

    private void Answer(string name, string question, string answer)
    {
        if (name == question)
        {
            _hub.Publish(new TopicCreated(answer));
        }
    }

    private void Play(params Recorded<Notification<string>>[] script) => _clock.Scheduler.CreateHotObservable(script).Subscribe(
        name =>
        {
            if (name == "-")
            {
                _hub.Tick();
            }
            else
            {
                _hub.Publish(new TopicCreated(name));
            }
        },
        () => _hub.CompleteAsync().IsCompletedSuccessfully.ShouldBeTrue("there are no observers to wait for"));

    /// <summary>A fold that records what it receives, and then does what the test asks for.</summary>
    private ITestableObserver<string> Record(Action<string>? then = null)
    {
        var folded = _clock.Scheduler.CreateObserver<string>();
        Names(_hub.Inputs.ValidateSynchronization()).Do(folded).Subscribe(then ?? (_ => { }), _ => { });
        return folded;
    }
}
