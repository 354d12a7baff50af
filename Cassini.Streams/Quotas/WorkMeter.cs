namespace Cassini.Streams.Quotas;

/// <summary>
/// How much time the work of one identity has taken lately. The identity is busy once that is more than a burst, until it has rested for
/// long enough: work for a tenth of the time never makes it busy. Thread-safe.
/// </summary>
/// <remarks>
/// The time for which the thread of a piece did not run is counted too, because it is not known: so one long piece alone does not
/// make it busy, and rest makes up for all after a second.
/// </remarks>
internal sealed class WorkMeter
{
    /// <summary>One unit of time at work is made up for by this many.</summary>
    private const int RestForWork = 10;

    private static readonly TimeSpan Burst = TimeSpan.FromMilliseconds(50);

    /// <summary>As long as a burst: one piece whose thread did not run does not make it busy, the next one does.</summary>
    private static readonly TimeSpan LongestPiece = Burst;

    private static readonly TimeSpan LongestRest = TimeSpan.FromSeconds(1);

    private long _restedAt;

    /// <summary>Whether it must wait for its turn.</summary>
    /// <param name="now">A timestamp.</param>
    /// <param name="frequency">Timestamps in a second.</param>
    public bool IsBusy(long now, long frequency) =>
        Volatile.Read(ref _restedAt) - now > (long)(Burst.TotalSeconds * RestForWork * frequency);

    /// <summary>A piece of its work is done.</summary>
    /// <param name="time">How long: timestamps.</param>
    /// <param name="now">A timestamp.</param>
    /// <param name="frequency">Timestamps in a second.</param>
    public void Add(long time, long now, long frequency)
    {
        var rest = Math.Min(time, (long)(LongestPiece.TotalSeconds * frequency)) * RestForWork;
        long before;
        long after;
        do
        {
            before = Volatile.Read(ref _restedAt);
            after = Math.Min(Math.Max(before, now) + rest, now + (long)(LongestRest.TotalSeconds * frequency));
        }
        while (Interlocked.CompareExchange(ref _restedAt, after, before) != before);
    }
}
