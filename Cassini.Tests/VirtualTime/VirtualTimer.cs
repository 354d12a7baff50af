using System.Reactive.Concurrency;
using System.Reactive.Disposables;

namespace Cassini.Tests.VirtualTime;

/// <summary>
/// A timer on a virtual-time scheduler, exact to the tick. As with a real timer, no callback runs within the call that
/// arms it: one that is due at once runs when the scheduler runs next (on a TestScheduler, one tick later).
/// </summary>
internal sealed class VirtualTimer(IScheduler scheduler, TimerCallback callback, object? state, Action<int> armedChanged) : ITimer
{
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(uint.MaxValue - 1);

    private readonly Lock _gate = new();
    private readonly ExecutionContext? _context = ExecutionContext.Capture();
    private IDisposable? _pending;
    private TimeSpan _period;
    private long _generation;
    private int _running;
    private bool _disposed;
    private TaskCompletionSource? _idle;

    public bool Change(TimeSpan dueTime, TimeSpan period)
    {
        Validate(dueTime, nameof(dueTime));
        Validate(period, nameof(period));
        lock (_gate)
        {
            if (_disposed)
            {
                return false;
            }

            _generation++;
            _period = period;
            Arm(dueTime);
            return true;
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            _generation++;
            Arm(Timeout.InfiniteTimeSpan);
        }
    }

    public ValueTask DisposeAsync()
    {
        Dispose();
        lock (_gate)
        {
            if (_running == 0)
            {
                return ValueTask.CompletedTask;
            }

            _idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return new ValueTask(_idle.Task);
        }
    }

    private static void Validate(TimeSpan time, string name)
    {
        if (time != Timeout.InfiniteTimeSpan)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(time, TimeSpan.Zero, name);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(time, Longest, name);
        }
    }

    // Under the gate, so that of two racing changes the later one's schedule survives. A virtual-time scheduler only
    // queues here: it never runs work inside Schedule.
    private void Arm(TimeSpan dueTime)
    {
        var was = _pending is not null;
        _pending?.Dispose();
        _pending = dueTime == Timeout.InfiniteTimeSpan ? null : scheduler.Schedule(_generation, dueTime, Fire);
        var now = _pending is not null;
        if (was != now)
        {
            armedChanged(now ? 1 : -1);
        }
    }

    private IDisposable Fire(IScheduler _, long generation)
    {
        lock (_gate)
        {
            // Changed or disposed after the scheduler took this from its queue.
            if (generation != _generation)
            {
                return Disposable.Empty;
            }

            // Before the callback, so that what the callback says has the last word.
            Arm(_period > TimeSpan.Zero ? _period : Timeout.InfiniteTimeSpan);
            _running++;
        }

        try
        {
            if (_context is null)
            {
                callback(state);
            }
            else
            {
                ExecutionContext.Run(_context, callback.Invoke, state);
            }
        }
        finally
        {
            Finish();
        }

        return Disposable.Empty;
    }

    private void Finish()
    {
        TaskCompletionSource? idle = null;
        lock (_gate)
        {
            if (--_running == 0)
            {
                idle = _idle;
            }
        }

        idle?.SetResult();
    }
}
