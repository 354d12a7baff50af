namespace Cassini.Web.Cli.Serving;

/// <summary>
/// How many threads the pool has at least. Work that waits while nothing is finished, although processors are idle, waits for threads that
/// are blocked, and then more threads help. Otherwise more threads only take turns, also with those that answer probes.
/// </summary>
internal sealed class PoolSize
{
    private const int Most = 256;
    private const double Busy = 0.8;
    private const int QuietLooks = 100;

    private readonly int _least;
    private int _quiet;

    /// <param name="least">The number without need: one for each processor.</param>
    public PoolSize(int least) => _least = Threads = least;

    /// <summary>The number now.</summary>
    public int Threads { get; private set; }

    /// <summary>Whether nothing waited at the last look, and there are no more threads than without need: the next look has time.</summary>
    public bool IsAtRest => _quiet > 0 && Threads == _least;

    /// <summary>Looks at the pool again.</summary>
    /// <param name="pending">How much work waits for a thread.</param>
    /// <param name="finished">How much work was finished since the last look.</param>
    /// <param name="busy">The share of the processors' time that the process used since the last look, 0 to 1.</param>
    /// <returns>The number from now on.</returns>
    public int Look(long pending, long finished, double busy)
    {
        _quiet = pending > 0 ? 0 : _quiet + 1;
        Threads = busy >= Busy || _quiet >= QuietLooks ? _least
            : pending > 0 && finished == 0 ? Math.Max(_least, Math.Min(Most, Threads * 2))
            : Threads;
        return Threads;
    }
}
