namespace Cassini.Streams.Quotas;

/// <summary>Those who wait until a number has fallen to a level. Thread-safe.</summary>
internal sealed class LevelWaiters
{
    private readonly Lock _lock = new();
    private TaskCompletionSource? _waiters;
    private long _level;

    /// <summary>Completes when the number falls to this level, or to that of another who waits: look at the number again then.</summary>
    public Task WhenAt(long level)
    {
        lock (_lock)
        {
            // What continues does so on the pool, not on the thread that gives something back.
            Volatile.Write(ref _level, _waiters is null ? level : Math.Max(level, _level));
            return (_waiters ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    /// <summary>The number has fallen.</summary>
    /// <param name="to">What it is now.</param>
    public void Fell(long to)
    {
        if (Volatile.Read(ref _waiters) is null || to > Volatile.Read(ref _level))
        {
            return;
        }

        TaskCompletionSource? waiters;
        lock (_lock)
        {
            waiters = to > _level ? null : _waiters;
            _waiters = waiters is null ? _waiters : null;
        }

        waiters?.SetResult();
    }
}
