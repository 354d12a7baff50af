namespace Cassini.Streams.Quotas;

/// <summary>
/// How much time the work of one identity has taken lately, with the time for which its thread did not run. The identity is busy once that
/// is more than a burst, until it has rested for long enough: work for a tenth of the time never makes it busy. Thread-safe.
/// </summary>
internal sealed class WorkMeter
{
    /// <summary>One unit of time at work is made up for by this many.</summary>
    private const int RestForWork = 10;

    private static readonly TimeSpan Burst = TimeSpan.FromMilliseconds(50);

    private long _restedAt;

    /// <summary>Whether it must wait for its turn.</summary>
    /// <param name="now">A timestamp.</param>
    /// <param name="frequency">Timestamps in a second.</param>
    public bool IsBusy(long now, long frequency) =>
        Volatile.Read(ref _restedAt) - now > (long)(Burst.TotalSeconds * RestForWork * frequency);

    /// <summary>It has worked.</summary>
    /// <param name="time">How long: timestamps.</param>
    /// <param name="now">A timestamp.</param>
    public void Add(long time, long now)
    {
        long before;
        long after;
        do
        {
            before = Volatile.Read(ref _restedAt);
            after = Math.Max(before, now) + (time * RestForWork);
        }
        while (Interlocked.CompareExchange(ref _restedAt, after, before) != before);
    }
}
