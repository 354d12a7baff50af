using System.Threading.Tasks.Sources;

namespace Cassini.Streams.Events.Hub;

/// <summary>
/// One reader's position in the event log. It never delays the publisher or other readers: when it falls too far behind, it gets a
/// gap that names the events it missed. For one reader at a time; <see cref="Nudge"/> may be called from any thread.
/// </summary>
internal sealed class EventCursor : IValueTaskSource, IDisposable
{
    private const int Idle = 0;
    private const int Waiting = 1;

    private readonly EventLog _log;
    private readonly CursorSignal _signal;
    private readonly int _maxLag;
    private ManualResetValueTaskSourceCore<bool> _wakeUp = new() { RunContinuationsAsynchronously = true };
    private long _next;
    private int _state;
    private int _nudged;
    private int _disposed;

    public EventCursor(EventLog log, CursorSignal signal, long next, int maxLag)
    {
        _log = log;
        _signal = signal;
        _next = next;
        _maxLag = maxLag;
        signal.Add(this);
    }

    /// <summary>Its index among the readers; used by the signal under its lock.</summary>
    public int Slot { get; set; }

    /// <summary>The last sequence examined: where a reader that stops here can resume.</summary>
    public long Position => _next - 1;

    /// <summary>Whether the log is complete and this reader has seen all of it.</summary>
    public bool IsCompleted => _log.IsCompleted && _log.Newest < _next;

    /// <summary>Takes the next event, or the gap when the reader was too slow.</summary>
    /// <returns>False when there is nothing new.</returns>
    public bool TryRead(out Delivery delivery)
    {
        var newest = _log.Newest;
        if (newest < _next)
        {
            delivery = default;
            return false;
        }

        if (newest - _next < _maxLag && _log.TryGet(_next, out var envelope))
        {
            _next++;
            delivery = Delivery.Of(envelope);
            return true;
        }

        newest = _log.Newest;
        delivery = Delivery.Missed(_next, newest);
        _next = newest + 1;
        return true;
    }

    /// <summary>Continues after <paramref name="sequence"/>, for a reader that got the events between from another source.</summary>
    public void MoveTo(long sequence) => _next = Math.Max(_next, sequence + 1);

    /// <summary>Completes when there may be something to read, when the log is complete, or after a nudge.</summary>
    public ValueTask WaitAsync()
    {
        if (IsAwake())
        {
            return ValueTask.CompletedTask;
        }

        _wakeUp.Reset();
        _signal.BeginWait();
        Interlocked.Exchange(ref _state, Waiting);
        if (IsAwake())
        {
            // An event came between the read and the announcement. If Wake has already taken the state, the wait simply completes.
            Wake();
        }

        return new ValueTask(this, _wakeUp.Version);
    }

    /// <summary>Ends the current or the next wait although nothing happened. Any thread.</summary>
    public void Nudge()
    {
        Interlocked.Exchange(ref _nudged, 1);
        Wake();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _signal.Remove(this);
            Wake();
        }
    }

    public void Wake()
    {
        if (Interlocked.CompareExchange(ref _state, Idle, Waiting) == Waiting)
        {
            _signal.EndWait();
            _wakeUp.SetResult(true);
        }
    }

    void IValueTaskSource.GetResult(short token) => _wakeUp.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _wakeUp.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _wakeUp.OnCompleted(continuation, state, token, flags);

    private bool IsAwake() =>
        _log.Newest >= _next || _log.IsCompleted || Volatile.Read(ref _disposed) != 0 || Interlocked.Exchange(ref _nudged, 0) != 0;
}
