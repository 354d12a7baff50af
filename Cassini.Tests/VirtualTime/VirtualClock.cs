using Microsoft.Reactive.Testing;

namespace Cassini.Tests.VirtualTime;

/// <summary>
/// The one clock of a test: <see cref="Scheduler"/> for Rx and <see cref="Time"/> for everything else show the same time
/// and move together. Monotonic time starts at 0, so that a tick of the scheduler is a tick since the start.
/// </summary>
internal sealed class VirtualClock
{
    /// <summary>What the wall clock says at the start if the constructor is given nothing else.</summary>
    public static readonly DateTimeOffset DefaultStart = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public VirtualClock(DateTimeOffset? startsAt = null) => Time = new VirtualTimeProvider(Scheduler, startsAt ?? DefaultStart);

    /// <summary>The clock itself: whatever moves it moves <see cref="Time"/> too.</summary>
    public TestScheduler Scheduler { get; } = new();

    /// <summary>The clock for Task.Delay, timers and time-outs.</summary>
    public VirtualTimeProvider Time { get; }

    /// <summary>Monotonic time since the start.</summary>
    public TimeSpan Elapsed => TimeSpan.FromTicks(Scheduler.Clock);

    /// <summary>The wall clock, UTC.</summary>
    public DateTimeOffset UtcNow => Time.GetUtcNow();

    /// <summary>Runs everything that is due within <paramref name="time"/> from now, its end included.</summary>
    public void AdvanceBy(TimeSpan time) => Scheduler.AdvanceBy(time.Ticks);

    /// <summary>Runs everything that is due until <paramref name="elapsed"/> since the start, included.</summary>
    public void AdvanceTo(TimeSpan elapsed) => Scheduler.AdvanceTo(elapsed.Ticks);

    /// <summary>Sets the wall clock forward or back; neither Rx nor timers nor timestamps notice.</summary>
    public void StepWallClock(TimeSpan by) => Time.StepWallClock(by);
}
