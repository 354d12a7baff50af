using System.Reactive.Concurrency;
using System.Reactive.Linq;
using Microsoft.Reactive.Testing;

namespace Cassini.Tests.VirtualTime;

public class VirtualTimeProviderTests
{
    private static readonly TimeSpan OneTick = TimeSpan.FromTicks(1);
    private static readonly TimeSpan FiveSeconds = TimeSpan.FromSeconds(5);
    private readonly VirtualClock _clock = new();

    [Fact]
    public void Clock_Advanced_MovesSchedulerTimestampAndWallClockTogether()
    {
        var began = _clock.Time.GetTimestamp();
        _clock.AdvanceBy(FiveSeconds);

        _clock.Elapsed.ShouldBe(FiveSeconds);
        _clock.Time.GetElapsedTime(began).ShouldBe(FiveSeconds);
        _clock.Time.TimestampFrequency.ShouldBe(TimeSpan.TicksPerSecond);
        _clock.Time.GetTimestamp().ShouldBe(_clock.Scheduler.Clock);
        _clock.UtcNow.ShouldBe(VirtualClock.DefaultStart + FiveSeconds);
        _clock.Time.GetLocalNow().ShouldBe(_clock.UtcNow);

        _clock.AdvanceTo(TimeSpan.FromSeconds(6));
        _clock.Elapsed.ShouldBe(TimeSpan.FromSeconds(6));
    }

    [Theory]
    [InlineData(3600)]
    [InlineData(-3600)]
    public void StepWallClock_EitherWay_LeavesTimestampsAndTimersAlone(int seconds)
    {
        var delay = Task.Delay(FiveSeconds, _clock.Time, TestContext.Current.CancellationToken);
        var began = _clock.Time.GetTimestamp();
        _clock.StepWallClock(TimeSpan.FromSeconds(seconds));

        _clock.UtcNow.ShouldBe(VirtualClock.DefaultStart.AddSeconds(seconds));
        _clock.Time.GetTimestamp().ShouldBe(began);
        _clock.AdvanceBy(FiveSeconds - OneTick);
        delay.IsCompleted.ShouldBeFalse();
        _clock.AdvanceBy(OneTick);
        delay.IsCompletedSuccessfully.ShouldBeTrue();
    }

    [Fact]
    public void TaskDelay_InVirtualTime_EndsAtTheExactTick()
    {
        var delay = Task.Delay(FiveSeconds, _clock.Time, TestContext.Current.CancellationToken);
        _clock.AdvanceBy(FiveSeconds - OneTick);
        delay.IsCompleted.ShouldBeFalse();
        _clock.AdvanceBy(OneTick);
        delay.IsCompletedSuccessfully.ShouldBeTrue();
        _clock.Time.ArmedTimers.ShouldBe(0);
    }

    [Fact]
    public async Task TaskDelay_Cancelled_DisarmsItsTimer()
    {
        using var cancellation = new CancellationTokenSource();
        var delay = Task.Delay(FiveSeconds, _clock.Time, cancellation.Token);
        _clock.Time.ArmedTimers.ShouldBe(1);
        await cancellation.CancelAsync();
        await Should.ThrowAsync<TaskCanceledException>(delay);
        _clock.Time.ArmedTimers.ShouldBe(0);
        _clock.Scheduler.Start();
        _clock.Elapsed.ShouldBe(TimeSpan.Zero);
    }

    [Fact]
    public async Task WaitAsync_InVirtualTime_TimesOutAtTheExactTick()
    {
        var never = new TaskCompletionSource();
        var wait = never.Task.WaitAsync(FiveSeconds, _clock.Time, TestContext.Current.CancellationToken);
        _clock.AdvanceBy(FiveSeconds - OneTick);
        wait.IsCompleted.ShouldBeFalse();
        _clock.AdvanceBy(OneTick);
        await Should.ThrowAsync<TimeoutException>(wait);
    }

    [Fact]
    public void CancellationTokenSource_InVirtualTime_CancelsAtTheExactTick()
    {
        using var source = new CancellationTokenSource(FiveSeconds, _clock.Time);
        _clock.AdvanceBy(FiveSeconds - OneTick);
        source.IsCancellationRequested.ShouldBeFalse();
#pragma warning disable RS0030 // Banned because it may go by the real clock: that it goes by this one is what is tested.
        source.CancelAfter(FiveSeconds);
#pragma warning restore RS0030
        _clock.AdvanceBy(FiveSeconds - OneTick);
        source.IsCancellationRequested.ShouldBeFalse();
        _clock.AdvanceBy(OneTick);
        source.IsCancellationRequested.ShouldBeTrue();
    }

    [Fact]
    public async Task PeriodicTimer_InVirtualTime_TicksEveryPeriodAndKeepsOneMissedTick()
    {
        using var timer = new PeriodicTimer(FiveSeconds, _clock.Time);
        var tick = timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        _clock.AdvanceBy(FiveSeconds - OneTick);
        tick.IsCompleted.ShouldBeFalse();
        _clock.AdvanceBy(OneTick);
        (await tick).ShouldBeTrue();

        _clock.AdvanceBy(3 * FiveSeconds);
        var missed = timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        missed.IsCompleted.ShouldBeTrue();
        (await missed).ShouldBeTrue();
        var next = timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        next.IsCompleted.ShouldBeFalse();
        timer.Dispose();
        (await next).ShouldBeFalse();
        _clock.Time.ArmedTimers.ShouldBe(0);
    }

    [Fact]
    public void RxAndTimers_OnOneClock_InterleaveInTheOrderOfTime()
    {
        var seen = new List<string>();
        using var rx = Observable.Interval(TimeSpan.FromSeconds(2), _clock.Scheduler)
            .Subscribe(_ => seen.Add($"rx {_clock.Elapsed.TotalSeconds}"));
        using var timer = _clock.Time.CreateTimer(
            _ => seen.Add($"timer {_clock.Elapsed.TotalSeconds}"), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2));
        _clock.AdvanceBy(FiveSeconds);
        seen.ShouldBe(["timer 1", "rx 2", "timer 3", "rx 4", "timer 5"]);
    }

    [Fact]
    public void Provider_OnAHistoricalScheduler_FollowsItsClock()
    {
        var start = new DateTimeOffset(2025, 6, 1, 12, 0, 0, TimeSpan.Zero);
        var scheduler = new HistoricalScheduler(start);
        var time = new VirtualTimeProvider(scheduler);
        var began = time.GetTimestamp();
        var delay = Task.Delay(FiveSeconds, time, TestContext.Current.CancellationToken);
        time.GetUtcNow().ShouldBe(start);

        scheduler.AdvanceBy(FiveSeconds);
        delay.IsCompletedSuccessfully.ShouldBeTrue();
        time.GetUtcNow().ShouldBe(start + FiveSeconds);
        time.GetElapsedTime(began).ShouldBe(FiveSeconds);
    }

    [Fact]
    public void Provider_OnATestScheduler_HasTheSchedulersTimeUnlessSet()
    {
        var scheduler = new TestScheduler();
        scheduler.AdvanceTo(42);
        new VirtualTimeProvider(scheduler).GetUtcNow().ShouldBe(scheduler.Now);
        new VirtualTimeProvider(scheduler, VirtualClock.DefaultStart).GetUtcNow().ShouldBe(VirtualClock.DefaultStart);
    }
}
