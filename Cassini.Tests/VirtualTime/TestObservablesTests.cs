using Microsoft.Reactive.Testing;

namespace Cassini.Tests.VirtualTime;

/// <summary>What the package Microsoft.Reactive.Testing documents of hot and cold test observables and its observer.</summary>
public class TestObservablesTests : ReactiveTest
{
    private readonly TestScheduler _scheduler = new();

    [Fact]
    public void Hot_Messages_ComeAtAbsoluteTimesToWhoeverIsSubscribed()
    {
        var error = new InvalidOperationException("boom");
        var source = _scheduler.CreateHotObservable(OnNext(10, 'a'), OnNext(20, 'b'), OnError<char>(30, error));
        var early = _scheduler.CreateObserver<char>();
        var late = _scheduler.CreateObserver<char>();
        source.Subscribe(early);
        _scheduler.AdvanceTo(15);
        source.Subscribe(late);
        _scheduler.Start();

        early.Messages.AssertEqual(OnNext(10, 'a'), OnNext(20, 'b'), OnError<char>(30, error));
        late.Messages.AssertEqual(OnNext(20, 'b'), OnError<char>(30, error));
        source.Subscriptions.AssertEqual(Subscribe(0), Subscribe(15));
    }

    [Fact]
    public void Hot_MessageInThePast_IsSentOneTickLater()
    {
        _scheduler.AdvanceTo(50);
        var source = _scheduler.CreateHotObservable(OnNext(10, 'a'));
        var observer = _scheduler.CreateObserver<char>();
        source.Subscribe(observer);
        _scheduler.Start();
        observer.Messages.AssertEqual(OnNext(51, 'a'));
    }

    [Fact]
    public void Hot_ObserverThatUnsubscribesAnother_DisturbsNeitherTheMessageNorTheRest()
    {
        var source = _scheduler.CreateHotObservable(OnNext(10, 1), OnNext(20, 2));
        var second = _scheduler.CreateObserver<int>();
        IDisposable? secondSubscription = null;
        source.Subscribe(_ => secondSubscription!.Dispose());
        secondSubscription = source.Subscribe(second);
        _scheduler.Start();

        second.Messages.AssertEqual(OnNext(10, 1));
        source.Subscriptions.AssertEqual(Subscribe(0), Subscribe(0, 10));
    }

    [Fact]
    public void Cold_Messages_ComeAtTimesRelativeToEachSubscription()
    {
        var source = _scheduler.CreateColdObservable(OnNext(10, 'a'), OnCompleted<char>(20));
        var first = _scheduler.CreateObserver<char>();
        var second = _scheduler.CreateObserver<char>();
        source.Subscribe(first);
        _scheduler.AdvanceTo(5);
        source.Subscribe(second);
        _scheduler.Start();

        first.Messages.AssertEqual(OnNext(10, 'a'), OnCompleted<char>(20));
        second.Messages.AssertEqual(OnNext(15, 'a'), OnCompleted<char>(25));
        source.Subscriptions.AssertEqual(Subscribe(0), Subscribe(5));
    }

    [Fact]
    public void Cold_MessageAtZero_IsSentOneTickAfterTheSubscription()
    {
        var source = _scheduler.CreateColdObservable(OnNext(0, 'a'));
        var observer = _scheduler.Start(() => source);
        observer.Messages.AssertEqual(OnNext(201, 'a'));
    }

    [Fact]
    public void Cold_Unsubscribed_SendsNothingMoreAndRecordsTheEndOnce()
    {
        var source = _scheduler.CreateColdObservable(OnNext(10, 'a'), OnNext(20, 'b'));
        var observer = _scheduler.CreateObserver<char>();
        var subscription = source.Subscribe(observer);
        _scheduler.AdvanceTo(15);
        subscription.Dispose();
        _scheduler.AdvanceTo(30);
        subscription.Dispose();

        observer.Messages.AssertEqual(OnNext(10, 'a'));
        source.Subscriptions.AssertEqual(Subscribe(0, 15));
    }

    [Fact]
    public void Messages_OfASource_AreTheOnesGiven()
    {
        _scheduler.CreateHotObservable(OnNext(10, 1)).Messages.AssertEqual(OnNext(10, 1));
        _scheduler.CreateColdObservable(OnNext(10, 1)).Messages.AssertEqual(OnNext(10, 1));
    }

    [Fact]
    public void Null_AnywhereItMatters_Throws()
    {
        Should.Throw<ArgumentNullException>(() => _scheduler.CreateHotObservable<int>(null!));
        Should.Throw<ArgumentNullException>(() => _scheduler.CreateColdObservable<int>(null!));
        Should.Throw<ArgumentNullException>(() => _scheduler.CreateHotObservable<int>().Subscribe(null!));
        Should.Throw<ArgumentNullException>(() => _scheduler.CreateColdObservable<int>().Subscribe(null!));
    }
}
