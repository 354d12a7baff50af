using Cassini.Streams.Broker.Model;

namespace Cassini.Streams.Broker.Durable;

/// <summary>
/// How far the changes of a store are durable. Each change has a ticket, and many changes have the same; tickets grow. What must not be
/// sent before a change is durable waits for its ticket. Thread-safe.
/// </summary>
internal sealed class Durability
{
    /// <summary>How many are woken by one thread.</summary>
    private const int Batch = 64;

    [ThreadStatic]
    private static long _ofThread;

    private readonly Lock _lock = new();

    // Not disposed: it has no timer and no parent, and who waits may still ask for its token.
    private readonly CancellationTokenSource _closed = new();

    // Few tickets at a time: that of the group that is being written, and that of the open one.
    private readonly SortedList<long, HashSet<IDurabilityWaiter>> _waiting = [];
    private long _reached;
    private long _room;

    /// <summary>
    /// A ticket that must be reached before more messages are taken, because too many changes are not durable yet; 0 when there is room.
    /// </summary>
    public long Room
    {
        get => Volatile.Read(ref _room);
        set => Volatile.Write(ref _room, value);
    }

    /// <summary>
    /// Cancelled when the store is closed: what waits in the background until it can be written or read ends, and is found by the next
    /// start.
    /// </summary>
    public CancellationToken Closed => _closed.Token;

    /// <summary>Whether everything with this ticket is durable; 0 is the ticket of nothing.</summary>
    public bool IsReached(long ticket) => ticket <= Volatile.Read(ref _reached);

    /// <summary>The calling thread has made a change, or found one that others made and that it answers for.</summary>
    public static void Note(long ticket) => _ofThread = Math.Max(_ofThread, ticket);

    /// <summary>The highest ticket that the calling thread has noted.</summary>
    public static long Noted => _ofThread;

    /// <summary>The same, and the thread begins anew. Called before a piece of work, and at its end.</summary>
    public static long TakeNoted()
    {
        var noted = _ofThread;
        _ofThread = 0;
        return noted;
    }

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

    /// <summary>Everything up to a ticket is durable. Wakes who waits for it, on threads of the pool. For the store.</summary>
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

    /// <summary>The store is closed. For the store.</summary>
    public Task CloseAsync() => _closed.CancelAsync();

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
