namespace Cassini.Streams.Store;

/// <summary>Counts commits. One thread counts, any may read.</summary>
internal sealed class CommitCounters
{
    private long _commits;
    private long _changes;
    private long _bytes;
    private long _ticks;
    private long _slowest;

    public long Commits => Volatile.Read(ref _commits);

    public long Changes => Volatile.Read(ref _changes);

    public long Bytes => Volatile.Read(ref _bytes);

    public TimeSpan Time => new(Volatile.Read(ref _ticks));

    public void Add(int changes, int bytes, TimeSpan duration)
    {
        Volatile.Write(ref _commits, _commits + 1);
        Volatile.Write(ref _changes, _changes + changes);
        Volatile.Write(ref _bytes, _bytes + bytes);
        Volatile.Write(ref _ticks, _ticks + duration.Ticks);
        if (duration.Ticks > Volatile.Read(ref _slowest))
        {
            Volatile.Write(ref _slowest, duration.Ticks);
        }
    }

    /// <summary>The longest commit since this was called last.</summary>
    public TimeSpan TakeSlowest() => new(Interlocked.Exchange(ref _slowest, 0));
}
