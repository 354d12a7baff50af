using Cassini.Streams.Events;
using Cassini.Streams.Primitives;

namespace Cassini.Management.Logging;

/// <summary>
/// Keeps a limit that stays reached from filling the log. That a limit or an identity's share is reached is logged at once; while clients
/// try again, the events are at Debug, with summaries (<see cref="RepeatLimit{TKey, TEvent}"/>). A summary has no number, because the
/// events are limited and so do not count the refusals. For one observer's thread.
/// </summary>
/// <param name="logger">Where the events and their summaries are logged.</param>
internal sealed class CapacityLimit(ILogger logger)
{
    /// <summary>The most shares that have a summary of their own.</summary>
    public const int Most = 64;

    // Apart from the shares, so that identities cannot keep a limit of the whole broker from the log.
    private readonly RepeatLimit<CapacityResource, CapacityReached> _limits = new(
        Enum.GetValues<CapacityResource>().Length,
        again => logger.CapacityReachedAgain(About(again), again.Last.Resource, again.Last.Limit),
        _ => { });

    private readonly RepeatLimit<(CapacityResource Resource, string Identity), CapacityReached> _shares = new(
        Most,
        again => logger.ShareReachedAgain(IdentityOf(again.Last), About(again), again.Last.Resource, again.Last.Limit),
        again => logger.OtherSharesReached(About(again)));

    /// <summary>Logs an event, at Debug when it repeats.</summary>
    /// <param name="reached">The event.</param>
    /// <param name="now">Its time.</param>
    public void Write(CapacityReached reached, TimeSpan now)
    {
        if (reached.Identity is not { } identity)
        {
            var level = _limits.IsFirst(reached.Resource, reached, now) ? LogLevel.Error : LogLevel.Debug;
            logger.CapacityReached(level, reached.Resource, reached.Limit);
        }
        else
        {
            var level = _shares.IsFirst((reached.Resource, identity), reached, now) ? LogLevel.Warning : LogLevel.Debug;
            logger.ShareReached(level, IdentityOf(reached), reached.Resource, reached.Limit);
        }
    }

    /// <summary>Logs the summaries that are due.</summary>
    /// <param name="now">The time of an event.</param>
    public void Pass(TimeSpan now)
    {
        _limits.Pass(now);
        _shares.Pass(now);
    }

    /// <summary>Logs what is still held back, because the broker stops.</summary>
    public void End()
    {
        _limits.End();
        _shares.End();
    }

    private static string IdentityOf(CapacityReached reached) => SafeText.Line(reached.Identity);

    private static string About(Repeats<CapacityReached> again) => DurationText.About(again.Time);
}
