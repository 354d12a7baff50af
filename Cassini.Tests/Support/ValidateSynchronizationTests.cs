using System.Reactive;
using System.Reactive.Linq;
using System.Reactive.Subjects;
using Microsoft.Reactive.Testing;

namespace Cassini.Tests.Support;

public class ValidateSynchronizationTests : ReactiveTest
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);
    private readonly RawSource<int> _source = new();
    private readonly List<SynchronizationViolationException> _violations = [];

    [Fact]
    public void Serial_Notifications_PassUnchangedWithTheirSubscriptionTimes()
    {
        var scheduler = new TestScheduler();
        var hot = scheduler.CreateHotObservable(OnNext(210, 1), OnNext(220, 2), OnCompleted<int>(230));
        var observer = scheduler.Start(() => hot.ValidateSynchronization(_violations.Add));
        observer.Messages.AssertEqual(OnNext(210, 1), OnNext(220, 2), OnCompleted<int>(230));
        hot.Subscriptions.AssertEqual(Subscribe(200, 1000));
        _violations.ShouldBeEmpty();
    }

    [Fact]
    public async Task Overlap_FromAnotherThread_FailsTheOffenderAndThenTheObserver()
    {
        using var entered = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        var told = new List<Notification<int>>();
        using var subscription = _source.ValidateSynchronization(_violations.Add).Materialize().Subscribe(notification =>
        {
            told.Add(notification);
            if (notification.Kind == NotificationKind.OnNext)
            {
                entered.Set();
                release.Wait(Deadline).ShouldBeTrue("the test releases the observer");
            }
        });

        var first = Task.Run(() => _source.Observer!.OnNext(1), TestContext.Current.CancellationToken);
        entered.Wait(Deadline, TestContext.Current.CancellationToken).ShouldBeTrue("the first notification reaches the observer");
        var thrown = Should.Throw<SynchronizationViolationException>(() => _source.Observer!.OnNext(2));
        thrown.Message.ShouldStartWith("OnNext(2) came while OnNext(1) was being delivered on another thread");
        told.Count.ShouldBe(1, "no OnError while OnNext runs");

        release.Set();
        await first.WaitAsync(Deadline, TimeProvider.System, TestContext.Current.CancellationToken);
        told.ShouldBe([Notification.CreateOnNext(1), Notification.CreateOnError<int>(thrown)]);
        _violations.ShouldBe([thrown]);
        _source.IsUnsubscribed.ShouldBeTrue();
    }

    [Fact]
    public void Overlap_FromInsideTheObserver_Fails()
    {
        var told = new List<int>();
        Exception? error = null;
        using var subscription = _source.ValidateSynchronization().Subscribe(
            value =>
            {
                told.Add(value);
                Should.Throw<SynchronizationViolationException>(() => _source.Observer!.OnNext(value + 1))
                    .Message.ShouldBe("OnNext(2) came while OnNext(1) was being delivered further up on the same thread.");
            },
            thrown => error = thrown);
        _source.Observer!.OnNext(1);
        told.ShouldBe([1]);
        error.ShouldBeOfType<SynchronizationViolationException>();
    }

    [Fact]
    public void SourceThatSwallows_WhatItsObserverThrows_StillCannotHideIt()
    {
        Exception? error = null;
        using var subscription = _source.ValidateSynchronization().Subscribe(
            _ => Record.Exception(() => _source.Observer!.OnNext(2)), thrown => error = thrown);
        _source.Observer!.OnNext(1);
        error.ShouldBeOfType<SynchronizationViolationException>();
    }

    [Fact]
    public void Anything_AfterTheEnd_FailsTheOffender()
    {
        Action<IObserver<int>>[] ends = [o => o.OnCompleted(), o => o.OnError(new InvalidOperationException("boom"))];
        Action<IObserver<int>>[] offences = [o => o.OnNext(1), .. ends];
        foreach (var end in ends)
        {
            foreach (var offence in offences)
            {
                var source = new RawSource<int>();
                var violations = new List<SynchronizationViolationException>();
                var told = 0;
                using var subscription = source.ValidateSynchronization(violations.Add).Materialize().Subscribe(_ => told++);
                end(source.Observer!);
                told = 0;

                var thrown = Should.Throw<SynchronizationViolationException>(() => offence(source.Observer!));
                thrown.Message.ShouldContain(" came after On");
                violations.ShouldBe([thrown]);
                told.ShouldBe(0, "the sequence has ended");
            }
        }
    }

    [Fact]
    public void Next_DuringTheEnd_FailsTheOffenderOnly()
    {
        Exception? error = null;
        var offended = false;
        using var subscription = _source.ValidateSynchronization(_violations.Add).Subscribe(
            _ => { },
            thrown => error = thrown,
            () => offended = Record.Exception(() => _source.Observer!.OnNext(1)) is SynchronizationViolationException);
        _source.Observer!.OnCompleted();
        offended.ShouldBeTrue();
        error.ShouldBeNull();
        _violations.Count.ShouldBe(1);
    }

    [Fact]
    public void Violated_Sequence_SaysNothingMore()
    {
        var told = new List<int>();
        using var subscription = _source.ValidateSynchronization().Subscribe(
            value =>
            {
                told.Add(value);
                Record.Exception(() => _source.Observer!.OnNext(2)).ShouldNotBeNull();
            },
            _ => { });
        _source.Observer!.OnNext(1);
        _source.Observer.OnNext(3);
        _source.Observer.OnCompleted();
        told.ShouldBe([1]);
    }

    [Fact]
    public void Observer_ThatThrows_DoesNotLookLikeAnOverlapAfterwards()
    {
        var observer = Observer.Create<int>(value => throw new InvalidOperationException($"{value}"));
        using var subscription = _source.ValidateSynchronization(_violations.Add).Subscribe(observer);
        Should.Throw<InvalidOperationException>(() => _source.Observer!.OnNext(1)).Message.ShouldBe("1");
        Record.Exception(() => _source.Observer!.OnNext(2)).ShouldNotBeOfType<SynchronizationViolationException>();
        _violations.ShouldBeEmpty();
    }

    [Fact]
    public async Task Synchronize_ManyThreads_IsNoViolation()
    {
        using var subject = new Subject<int>();
        var count = 0;
        using var subscription = subject.Synchronize().ValidateSynchronization(_violations.Add).Subscribe(_ => count++, _ => { });
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < 5_000; i++)
            {
                subject.OnNext(i);
            }
        }))).WaitAsync(Deadline, TimeProvider.System, TestContext.Current.CancellationToken);
        count.ShouldBe(40_000);
        _violations.ShouldBeEmpty();
    }
}
