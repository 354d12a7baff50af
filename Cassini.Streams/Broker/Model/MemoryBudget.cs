namespace Cassini.Streams.Broker.Model;

/// <summary>
/// Counts the bytes that messages take together, and holds their limit: payloads, buffers, each queued copy, subscriptions with what is
/// noted of the retained messages that they have still to get, and retained topics with their nodes. Taking is never refused: a publisher
/// asks before it brings more, and waits while the budget is exhausted. Thread-safe.
/// </summary>
internal sealed class MemoryBudget(long limit)
{
    /// <summary>Waiting publishers continue when no more than this share of the limit is in use.</summary>
    private const double ResumeAt = 0.9;

    private readonly Lock _lock = new();
    private readonly long _resumeAt = (long)(limit * ResumeAt);
    private long _used;
    private TaskCompletionSource? _waiters;

    public long Used => Interlocked.Read(ref _used);

    public long Limit { get; } = limit;

    public bool IsExhausted => Used >= Limit;

    public void Take(long bytes) => Interlocked.Add(ref _used, bytes);

    public void Return(long bytes)
    {
        var used = Interlocked.Add(ref _used, -bytes);
        if (Volatile.Read(ref _waiters) is not null && used < _resumeAt)
        {
            ReleaseWaiters();
        }
    }

    /// <summary>Waits until the budget is no longer exhausted.</summary>
    /// <returns>False when it was still exhausted after <paramref name="patience"/>.</returns>
    public async Task<bool> WaitAsync(TimeSpan patience, TimeProvider time, CancellationToken cancellationToken)
    {
        var room = Enter();
        if (Used < _resumeAt)
        {
            ReleaseWaiters();
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

    private void ReleaseWaiters()
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
