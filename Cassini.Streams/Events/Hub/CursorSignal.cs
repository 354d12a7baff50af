namespace Cassini.Streams.Events.Hub;

/// <summary>
/// Wakes waiting cursors from one work item of the thread pool, so that a thousand readers cost the publisher no more than one.
/// </summary>
internal sealed class CursorSignal : IThreadPoolWorkItem
{
    private readonly Lock _gate = new();
    private readonly List<EventCursor> _cursors = [];

    // Kept between rounds so that waking allocates nothing.
    private EventCursor[] _round = [];
    private int _waiting;
    private int _queued;

    public void Add(EventCursor cursor)
    {
        lock (_gate)
        {
            cursor.Slot = _cursors.Count;
            _cursors.Add(cursor);
        }
    }

    public void Remove(EventCursor cursor)
    {
        lock (_gate)
        {
            // The last reader moves into the free slot, so that removing a reader takes constant time.
            var last = _cursors[^1];
            _cursors[cursor.Slot] = last;
            last.Slot = cursor.Slot;
            _cursors.RemoveAt(_cursors.Count - 1);
        }
    }

    public void BeginWait() => Interlocked.Increment(ref _waiting);

    public void EndWait() => Interlocked.Decrement(ref _waiting);

    public void Raise()
    {
        // The fence orders the log's write of its newest sequence before this read. A cursor does the reverse: it announces
        // itself, then reads the log again. So at least one of the two sees the other.
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _waiting) > 0 && Interlocked.Exchange(ref _queued, 1) == 0)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    void IThreadPoolWorkItem.Execute()
    {
        // Rounds may overlap when one begins while another runs, so a round takes the buffer out of the field while it uses it.
        Interlocked.Exchange(ref _queued, 0);
        var round = Interlocked.Exchange(ref _round, []);
        int count;
        lock (_gate)
        {
            count = _cursors.Count;
            if (round.Length < count)
            {
                round = new EventCursor[Math.Max(16, count * 2)];
            }

            _cursors.CopyTo(round);
        }

        foreach (var cursor in round.AsSpan(0, count))
        {
            cursor.Wake();
        }

        round.AsSpan(0, count).Clear();
        _round = round;
    }
}
