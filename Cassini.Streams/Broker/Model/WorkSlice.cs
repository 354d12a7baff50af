namespace Cassini.Streams.Broker.Model;

/// <summary>
/// A piece of work that is bounded by its steps, by its time, and by the outboxes that it leaves to others: then the thread is given
/// back, and the work goes on with the next slice. A step is about a tenth of a microsecond: a QoS 0 copy of a short message. Mutable:
/// pass it by reference.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="startedAt">When it began: a timestamp.</param>
/// <param name="isHurried">Whether it is on a thread that many others wait for: then it is over soon.</param>
internal struct WorkSlice(TimeProvider time, long startedAt, bool isHurried = false)
{
    /// <summary>The most steps. A full batch of short messages to 16 subscribers takes less than half of them.</summary>
    public const int Most = 16_384;

    /// <summary>Steps after which it looks at the clock.</summary>
    private const int BetweenLooks = 256;

    /// <summary>Outboxes of other clients that wait to be flushed: each of them is a piece of work for the thread pool.</summary>
    public const int MostFlushes = 2_048;

    /// <summary>The most steps of one that is hurried: a batch of short messages to one subscriber takes half of them.</summary>
    private const int MostHurried = 1_024;

    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(5);

    private int _left = isHurried ? MostHurried : Most;
    private int _untilLook = BetweenLooks;

    public WorkSlice(TimeProvider time)
        : this(time, time.GetTimestamp())
    {
    }

    /// <summary>Whether no more should be done in it.</summary>
    public bool IsOver { get; private set; }

    /// <summary>Work was done.</summary>
    public void Take(int steps)
    {
        _untilLook -= steps;
        if (_untilLook <= 0)
        {
            Look();
        }
    }

    /// <summary>The same, when it may have left much to flush.</summary>
    public void Take(int steps, FlushSet flushes)
    {
        Take(steps);
        IsOver |= flushes.Count >= MostFlushes;
    }

    /// <summary>How many pieces of work may be done before it must be asked again; at least one.</summary>
    /// <param name="steps">The steps of each.</param>
    public readonly int Until(int steps) => steps == 1 ? _untilLook : Math.Max(1, _untilLook / steps);

    private void Look()
    {
        _left -= BetweenLooks - _untilLook;
        _untilLook = BetweenLooks;
        IsOver |= _left <= 0 || time.GetElapsedTime(startedAt) >= Longest;
    }
}
