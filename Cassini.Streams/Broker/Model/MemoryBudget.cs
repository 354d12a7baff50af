namespace Cassini.Streams.Broker.Model;

/// <summary>
/// What queued, retained and outgoing bytes take together, and the ceiling they should stay under. Taking is never refused: who
/// brings more work asks first, and waits while the budget is exhausted. Thread-safe.
/// </summary>
internal sealed class MemoryBudget(long limit)
{
    /// <summary>Who waits is let go on when this much of the limit is in use.</summary>
    private const double ResumeAt = 0.9;

    private readonly Lock _lock = new();
    private readonly long _resumeAt = (long)(limit * ResumeAt);
    private long _used;
    private TaskCompletionSource? _waiters;

    public long Used => Interlocked.Read(ref _used);

    public long Limit { get; } = limit;

    public bool IsExhausted => Used >= Limit;

    public void Take(int bytes) => Interlocked.Add(ref _used, bytes);

    public void Return(int bytes)
    {
        var used = Interlocked.Add(ref _used, -bytes);
        if (Volatile.Read(ref _waiters) is not null && used < _resumeAt)
        {
            Resume();
        }
    }

    /// <summary>Waits until there is room again.</summary>
    /// <returns>False when there was none within <paramref name="patience"/>.</returns>
    public async Task<bool> WaitAsync(TimeSpan patience, TimeProvider time, CancellationToken cancellationToken)
    {
        var room = Enter();
        if (Used < _resumeAt)
        {
            Resume();
        }

        await room.WaitAsync(patience, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        return room.IsCompleted;
    }

    private Task Enter()
    {
        lock (_lock)
        {
            return (_waiters ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    private void Resume()
    {
        TaskCompletionSource? waiters;
        lock (_lock)
        {
            waiters = _waiters;
            _waiters = null;
        }

        waiters?.SetResult();
    }
}
