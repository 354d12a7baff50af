namespace Cassini.Streams.Events;

/// <summary>
/// Wakes waiting cursors from one work item of the thread pool, so that the publisher pays the same for one reader
/// as for a thousand.
/// </summary>
internal sealed class CursorSignal : IThreadPoolWorkItem
{
    private readonly Lock _gate = new();
    private EventCursor[] _cursors = [];
    private int _waiting;
    private int _queued;

    public void Add(EventCursor cursor)
    {
        lock (_gate)
        {
            _cursors = [.. _cursors, cursor];
        }
    }

    public void Remove(EventCursor cursor)
    {
        lock (_gate)
        {
            _cursors = Array.FindAll(_cursors, other => !ReferenceEquals(other, cursor));
        }
    }

    public void BeginWait() => Interlocked.Increment(ref _waiting);

    public void EndWait() => Interlocked.Decrement(ref _waiting);

    public void Raise()
    {
        // The fence orders the log's write of its newest sequence before this read; a cursor does the same the other
        // way round (it announces itself, then looks at the log again), so one of the two sees the other.
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _waiting) > 0 && Interlocked.Exchange(ref _queued, 1) == 0)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    void IThreadPoolWorkItem.Execute()
    {
        // Cleared first: whoever raises after this line queues another round.
        Interlocked.Exchange(ref _queued, 0);
        foreach (var cursor in Volatile.Read(ref _cursors))
        {
            cursor.Wake();
        }
    }
}
