namespace Cassini.Streams.Primitives;

/// <summary>
/// The time that a peer has for something. A pause of this process (it was stopped, its machine slept, its threads had no turn) is not the
/// peer's: the time is counted in slices, and a slice that ends far too late begins anew, at most as often as there are slices. So the peer
/// has at least one slice after a pause, in which what it sent meanwhile is read. Disposing it calls the deadline off. Thread-safe.
/// </summary>
internal sealed class PeerDeadline : IDisposable, IAsyncDisposable
{
    private const int Slices = 8;

    /// <summary>From this many times its length on, a slice contained a pause.</summary>
    private const int FarTooLate = 2;

    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly Action _overdue;
    private readonly ITimer _timer;
    private long _slice;
    private long _since;
    private int _left;
    private int _excuses;

    /// <summary>Begins at once.</summary>
    /// <param name="limit">How long the peer may take.</param>
    /// <param name="time">The clock.</param>
    /// <param name="overdue">Called once, on a timer's thread, when the time is over. Must not throw.</param>
    public PeerDeadline(TimeSpan limit, TimeProvider time, Action overdue)
    {
        (_time, _overdue) = (time, overdue);
        _timer = time.CreateTimer(
            static deadline => ((PeerDeadline)deadline!).EndSlice(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Restart(limit);
    }

    /// <summary>The peer did it, and has this long for the next time.</summary>
    public void Restart(TimeSpan limit)
    {
        lock (_lock)
        {
            _slice = (long)Math.Ceiling(limit.TotalSeconds * _time.TimestampFrequency / Slices);
            (_left, _excuses) = (Slices, Slices);
            BeginSliceLocked(_time.GetTimestamp());
        }
    }

    public void Dispose() => _timer.Dispose();

    /// <summary>The same, and completes when it is not being called any more.</summary>
    public ValueTask DisposeAsync() => _timer.DisposeAsync();

    private void EndSlice()
    {
        lock (_lock)
        {
            var now = _time.GetTimestamp();
            if (_left == 0)
            {
                return;
            }

            if (now - _since < _slice)
            {
                BeginSliceLocked(_since); // it was restarted meanwhile, or the timer is not exact
                return;
            }

            if (now - _since >= FarTooLate * _slice && _excuses > 0)
            {
                _excuses--;
                BeginSliceLocked(now);
                return;
            }

            _left--;
            if (_left > 0)
            {
                BeginSliceLocked(_since + _slice);
                return;
            }
        }

        _overdue();
    }

    /// <remarks>A timer knows whole milliseconds.</remarks>
    private void BeginSliceLocked(long since)
    {
        _since = since;
        var rest = _time.GetElapsedTime(_time.GetTimestamp(), since + _slice).TotalMilliseconds;
        _timer.Change(TimeSpan.FromMilliseconds(Math.Max(0, Math.Ceiling(rest))), Timeout.InfiniteTimeSpan);
    }
}
