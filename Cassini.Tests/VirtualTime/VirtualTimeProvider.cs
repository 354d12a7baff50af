using System.Reactive.Concurrency;

namespace Cassini.Tests.VirtualTime;

/// <summary>
/// A <see cref="TimeProvider"/> on the clock of a virtual-time scheduler, so that Task.Delay, PeriodicTimer,
/// CancellationTokenSource and Rx operators all run by the same clock. Timestamps are the scheduler's clock in ticks and
/// never jump; the wall clock can be stepped beside them, as people and NTP do.
/// </summary>
/// <remarks>
/// Timers call back on the thread that runs the scheduler, one at a time; what a callback throws comes out of there.
/// Timers may be created and changed on any thread, but only one thread may run the scheduler.
/// </remarks>
internal sealed class VirtualTimeProvider : TimeProvider
{
    private readonly IScheduler _scheduler;
    private long _wallClockOffset;
    private int _armedTimers;

    /// <param name="scheduler">The clock, for example a TestScheduler.</param>
    /// <param name="startsAt">What the wall clock says now; the scheduler's own time when left out.</param>
    public VirtualTimeProvider(VirtualTimeSchedulerBase<long, long> scheduler, DateTimeOffset? startsAt = null)
        : this((IScheduler)scheduler, startsAt)
    {
    }

    /// <param name="scheduler">The clock, for example a HistoricalScheduler.</param>
    /// <param name="startsAt">What the wall clock says now; the scheduler's own time when left out.</param>
    public VirtualTimeProvider(VirtualTimeSchedulerBase<DateTimeOffset, TimeSpan> scheduler, DateTimeOffset? startsAt = null)
        : this((IScheduler)scheduler, startsAt)
    {
    }

    private VirtualTimeProvider(IScheduler scheduler, DateTimeOffset? startsAt)
    {
        ArgumentNullException.ThrowIfNull(scheduler);
        _scheduler = scheduler;
        _wallClockOffset = startsAt is { } start ? start.UtcTicks - scheduler.Now.UtcTicks : 0;
    }

    /// <summary>Timers that wait for their time: wait for this before moving the clock past what another thread is to arm.</summary>
    public int ArmedTimers => Volatile.Read(ref _armedTimers);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override long GetTimestamp() => _scheduler.Now.UtcTicks;

    public override DateTimeOffset GetUtcNow() =>
        new(_scheduler.Now.UtcTicks + Interlocked.Read(ref _wallClockOffset), TimeSpan.Zero);

    /// <summary>Sets the wall clock forward or back. Timestamps and timers do not notice.</summary>
    public void StepWallClock(TimeSpan by) => Interlocked.Add(ref _wallClockOffset, by.Ticks);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        var timer = new VirtualTimer(_scheduler, callback, state, by => Interlocked.Add(ref _armedTimers, by));
        timer.Change(dueTime, period);
        return timer;
    }
}
