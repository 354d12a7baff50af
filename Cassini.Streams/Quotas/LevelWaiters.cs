namespace Cassini.Streams.Quotas;

/// <summary>Those who wait until a number has fallen to a level. Thread-safe.</summary>
internal sealed class LevelWaiters
{
    private readonly Lock _lock = new();
    private readonly List<LevelWaiter> _waiters = [];
    private long _highest = long.MinValue;

    /// <summary>Someone waits for a level, until <see cref="Leave"/>.</summary>
    public LevelWaiter Enter(long level)
    {
        var waiter = new LevelWaiter(level);
        lock (_lock)
        {
            _waiters.Add(waiter);
            Volatile.Write(ref _highest, Math.Max(_highest, level));
        }

        return waiter;
    }

    /// <summary>Someone waits no more: nothing of it is kept.</summary>
    public void Leave(LevelWaiter waiter)
    {
        lock (_lock)
        {
            if (_waiters.Remove(waiter) && waiter.Level == _highest)
            {
                FindHighestLocked();
            }
        }
    }

    /// <summary>The number has fallen.</summary>
    /// <param name="to">What it is now.</param>
    public void Fell(long to)
    {
        if (to > Volatile.Read(ref _highest))
        {
            return;
        }

        List<LevelWaiter> due;
        lock (_lock)
        {
            due = _waiters.FindAll(waiter => to <= waiter.Level);
            _waiters.RemoveAll(waiter => to <= waiter.Level);
            FindHighestLocked();
        }

        due.ForEach(waiter => waiter.Complete());
    }

    private void FindHighestLocked() =>
        Volatile.Write(ref _highest, _waiters.Count == 0 ? long.MinValue : _waiters.Max(waiter => waiter.Level));
}
