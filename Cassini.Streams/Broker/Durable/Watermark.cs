using Cassini.Streams.Broker.Model;

namespace Cassini.Streams.Broker.Durable;

/// <summary>
/// How far something has come. Each piece of it has a ticket, and many pieces have the same; tickets grow. What must not be sent before a
/// piece has come so far waits for its ticket. Thread-safe.
/// </summary>
internal abstract class Watermark
{
    /// <summary>How many are woken by one thread.</summary>
    private const int Batch = 64;

    private readonly Lock _lock = new();

    // Few tickets at a time: that of the group that is under way, and that of the open one.
    private readonly SortedList<long, HashSet<IDurabilityWaiter>> _waiting = [];
    private long _reached;
    private long _room;

    /// <summary>
    /// A ticket that must be reached before more messages are taken, because too much has not come so far yet; 0 when there is room.
    /// </summary>
    public long Room
    {
        get => Volatile.Read(ref _room);
        set => Volatile.Write(ref _room, value);
    }

    /// <summary>The highest ticket that is reached.</summary>
    public long Reached => Volatile.Read(ref _reached);

    /// <summary>Whether everything with this ticket has come so far; 0 is the ticket of nothing.</summary>
    public bool IsReached(long ticket) => ticket <= Volatile.Read(ref _reached);

    /// <summary>How many wait.</summary>
    public int Waiting
    {
        get
        {
            lock (_lock)
            {
                return _waiting.Values.Sum(waiters => waiters.Count);
            }
        }
    }

    /// <summary>Wakes somebody once, when a ticket is reached. Whoever does not wait until then calls <see cref="Forget"/>.</summary>
    /// <returns>False when it is reached already: then nobody is woken.</returns>
    public bool TryWait(long ticket, IDurabilityWaiter waiter)
    {
        lock (_lock)
        {
            if (IsReached(ticket))
            {
                return false;
            }

            if (!_waiting.TryGetValue(ticket, out var waiters))
            {
                _waiting.Add(ticket, waiters = []);
            }

            waiters.Add(waiter);
            return true;
        }
    }

    /// <summary>Somebody waits no more, and is not kept in memory by this. A wake that is under way may still come.</summary>
    public void Forget(IDurabilityWaiter waiter)
    {
        lock (_lock)
        {
            foreach (var waiters in _waiting.Values)
            {
                waiters.Remove(waiter);
            }
        }
    }

    /// <summary>Ends when a ticket is reached.</summary>
    public async Task WhenReachedAsync(long ticket, CancellationToken cancellationToken)
    {
        var wait = new Wait();
        if (TryWait(ticket, wait))
        {
            try
            {
                await wait.Reached.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                Forget(wait);
            }
        }
    }

    /// <summary>Everything up to a ticket has come so far. Wakes who waits for it, on threads of the pool.</summary>
    /// <returns>How many have waited.</returns>
    public int Reach(long ticket)
    {
        List<IDurabilityWaiter>? due = null;
        lock (_lock)
        {
            Volatile.Write(ref _reached, Math.Max(_reached, ticket));
            while (_waiting.Count > 0 && _waiting.GetKeyAtIndex(0) <= ticket)
            {
                (due ??= []).AddRange(_waiting.GetValueAtIndex(0));
                _waiting.RemoveAt(0);
            }
        }

        foreach (var batch in due?.Chunk(Batch) ?? [])
        {
            ThreadPool.UnsafeQueueUserWorkItem(Wake, batch, preferLocal: false);
        }

        return due?.Count ?? 0;
    }

    private static void Wake(IDurabilityWaiter[] due)
    {
        var flushes = new FlushSet();
        foreach (var waiter in due)
        {
            waiter.OnDurable(flushes);
        }

        flushes.Flush();
    }

    private sealed class Wait : IDurabilityWaiter
    {
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Reached => _reached.Task;

        public void OnDurable(FlushSet flushes) => _reached.TrySetResult();
    }
}
