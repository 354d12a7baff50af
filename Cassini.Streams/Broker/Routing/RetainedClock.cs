using Cassini.Streams.Broker.Model;

namespace Cassini.Streams.Broker.Routing;

/// <summary>
/// A hybrid logical clock: gives stamps that grow, also when the wall clock is set back, and that are greater than those which were seen.
/// Not thread-safe.
/// </summary>
/// <param name="origin">This run of this node.</param>
/// <param name="time">The one clock.</param>
internal sealed class RetainedClock(ulong origin, TimeProvider time)
{
    /// <summary>A node whose clock is further ahead does not move this one.</summary>
    private const long MostAhead = 60_000;

    private ulong _last;

    private long Utc => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>The next stamp.</summary>
    /// <param name="known">That of the topic's last change: the result is greater, however wrong the clock was that gave it.</param>
    public RetainedStamp Next(RetainedStamp known)
    {
        _last = Math.Max(_last + 1, RetainedStamp.ClockOf(Utc));
        return new RetainedStamp(Math.Max(_last, known.Clock == ulong.MaxValue ? known.Clock : known.Clock + 1), origin);
    }

    /// <summary>Another node has given a stamp, or an earlier run of this one.</summary>
    public void Observe(RetainedStamp stamp)
    {
        if (stamp.Clock < RetainedStamp.ClockOf(Utc + MostAhead))
        {
            _last = Math.Max(_last, stamp.Clock);
        }
    }
}
