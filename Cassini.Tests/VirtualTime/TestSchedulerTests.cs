using System.Reactive.Concurrency;
using System.Reactive.Linq;
using Microsoft.Reactive.Testing;

namespace Cassini.Tests.VirtualTime;

/// <summary>What the package Microsoft.Reactive.Testing documents of its scheduler.</summary>
public class TestSchedulerTests : ReactiveTest
{
    private readonly TestScheduler _scheduler = new();

    [Fact]
    public void Constants_Documented_100_200_1000()
    {
        Created.ShouldBe(100);
        Subscribed.ShouldBe(200);
        Disposed.ShouldBe(1000);
        Subscription.Infinite.ShouldBe(long.MaxValue);
    }

    [Fact]
    public void Clock_AtFirst_IsZero()
    {
        _scheduler.Clock.ShouldBe(0);
        _scheduler.Now.ShouldBe(DateTimeOffset.MinValue);
    }

    [Theory]
    [InlineData(-5, 51)]
    [InlineData(0, 51)]
    [InlineData(49, 51)]
    [InlineData(50, 51)]
    [InlineData(51, 51)]
    [InlineData(52, 52)]
    public void ScheduleAbsolute_AtFifty_NeverRunsBeforeFiftyOne(long due, long ran)
    {
        _scheduler.AdvanceTo(50);
        var at = 0L;
        _scheduler.ScheduleAbsolute(due, () => at = _scheduler.Clock);
        _scheduler.Start();
        at.ShouldBe(ran);
    }

    [Fact]
    public void Schedule_Immediate_RunsOneTickLaterAndNotInline()
    {
        var at = -1L;
        _scheduler.Schedule(() => at = _scheduler.Clock);
        at.ShouldBe(-1);
        _scheduler.Start();
        at.ShouldBe(1);
    }

    [Fact]
    public void Schedule_TimeSpan_IsTicks()
    {
        var at = 0L;
        _scheduler.Schedule(TimeSpan.FromMilliseconds(1), () => at = _scheduler.Clock);
        _scheduler.Start();
        at.ShouldBe(TimeSpan.TicksPerMillisecond);
    }

    [Fact]
    public void Schedule_SameDueTime_RunsInTheOrderOfScheduling()
    {
        var order = new List<int>();
        for (var i = 0; i < 100; i++)
        {
            var mine = i;
            _scheduler.ScheduleAbsolute(10, () => order.Add(mine));
        }

        _scheduler.Start();
        order.ShouldBe(Enumerable.Range(0, 100));
    }

    [Fact]
    public void Schedule_Disposed_DoesNotRunNorMoveTheClock()
    {
        var ran = false;
        _scheduler.ScheduleAbsolute(500, () => ran = true).Dispose();
        _scheduler.ScheduleAbsolute(10, () => { });
        _scheduler.Start();
        ran.ShouldBeFalse();
        _scheduler.Clock.ShouldBe(10);
    }

    [Fact]
    public void AdvanceTo_Time_RunsWhatIsDueThenIncluded_AndStopsThere()
    {
        var ran = new List<long>();
        foreach (var due in new long[] { 9, 10, 11 })
        {
            _scheduler.ScheduleAbsolute(due, () => ran.Add(_scheduler.Clock));
        }

        _scheduler.AdvanceTo(10);
        ran.ShouldBe([9, 10]);
        _scheduler.Clock.ShouldBe(10);

        _scheduler.AdvanceBy(5);
        ran.ShouldBe([9, 10, 11]);
        _scheduler.Clock.ShouldBe(15);
    }

    [Fact]
    public void Advance_IntoThePast_Throws()
    {
        _scheduler.AdvanceTo(10);
        Should.Throw<ArgumentOutOfRangeException>(() => _scheduler.AdvanceTo(9));
        Should.Throw<ArgumentOutOfRangeException>(() => _scheduler.AdvanceBy(-1));
    }

    [Fact]
    public void Advance_FromWithinWork_Throws()
    {
        Exception? thrown = null;
        _scheduler.ScheduleAbsolute(5, () => thrown = Record.Exception(() => _scheduler.AdvanceBy(1)));
        _scheduler.Start();
        thrown.ShouldBeOfType<InvalidOperationException>();
    }

    [Fact]
    public void Sleep_WithinWork_MovesTheClockAndDelaysTheRest()
    {
        var ran = new List<long>();
        _scheduler.ScheduleAbsolute(5, () => _scheduler.Sleep(20));
        _scheduler.ScheduleAbsolute(10, () => ran.Add(_scheduler.Clock));
        _scheduler.Start();
        ran.ShouldBe([25]);
    }

    [Fact]
    public void Stop_WithinWork_LeavesTheRestForTheNextStart()
    {
        var ran = new List<long>();
        _scheduler.ScheduleAbsolute(5, _scheduler.Stop);
        _scheduler.ScheduleAbsolute(10, () => ran.Add(_scheduler.Clock));
        _scheduler.Start();
        ran.ShouldBeEmpty();
        _scheduler.Start();
        ran.ShouldBe([10]);
    }

    [Fact]
    public void Start_Factory_CreatesSubscribesAndDisposesAtTheDefaultTimes()
    {
        var createdAt = 0L;
        var source = _scheduler.CreateHotObservable(OnNext(199, 1), OnNext(201, 2), OnNext(999, 3), OnNext(1000, 4), OnNext(1001, 5));
        var observer = _scheduler.Start(() =>
        {
            createdAt = _scheduler.Clock;
            return source;
        });

        createdAt.ShouldBe(Created);
        source.Subscriptions.AssertEqual(Subscribe(200, 1000));

        // At tick 1000 the source's message was scheduled before the end of the subscription, so it is still seen.
        observer.Messages.AssertEqual(OnNext(201, 2), OnNext(999, 3), OnNext(1000, 4));
    }

    [Fact]
    public void Start_GivenTimes_AreUsed()
    {
        var source = _scheduler.CreateHotObservable(OnNext(15, 1), OnNext(25, 2), OnNext(35, 3));
        var observer = _scheduler.Start(() => source, created: 5, subscribed: 20, disposed: 30);
        source.Subscriptions.AssertEqual(Subscribe(20, 30));
        observer.Messages.AssertEqual(OnNext(25, 2));
    }

    [Fact]
    public void Start_Operators_RunInVirtualTime()
    {
        var observer = _scheduler.Start(() => Observable.Timer(TimeSpan.FromTicks(10), TimeSpan.FromTicks(20), _scheduler).Take(3));
        observer.Messages.AssertEqual(OnNext(210, 0L), OnNext(230, 1L), OnNext(250, 2L), OnCompleted<long>(250));
    }

    [Fact]
    public void Start_WithoutFactory_Throws() =>
        Should.Throw<ArgumentNullException>(() => _scheduler.Start<int>(null!));
}
