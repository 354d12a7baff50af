using Cassini.Streams.Events;
using Cassini.Streams.Primitives;

namespace Cassini.Management.Logging;

/// <summary>
/// Keeps refused peers from filling the log. The first refusal of an address for a reason is logged at Information, those after it at
/// Debug, and how many they were in a summary after 1 minute, then after 2, 4 and so on, at most 60. After such a time without a refusal
/// the next one is a first one again. Time passes with the events. For one observer's thread.
/// </summary>
/// <param name="logger">Where the summaries are logged.</param>
internal sealed class RefusalLimit(ILogger logger)
{
    /// <summary>The most addresses and reasons that have a summary of their own; one for all others counts the rest.</summary>
    public const int Most = 64;

    private const int LongestMinutes = 60;

    private readonly Dictionary<(string Address, HandshakeFailure Reason), Held> _held = [];
    private Held? _others;
    private TimeSpan _due = TimeSpan.MaxValue;
    private TimeSpan _now;

    /// <summary>Takes note of a refusal.</summary>
    /// <param name="refused">The refusal.</param>
    /// <param name="now">Its time.</param>
    /// <returns>The level at which it is to be logged.</returns>
    public LogLevel LevelOf(HandshakeFailed refused, TimeSpan now)
    {
        var key = (PeerKey.NameOf(refused.RemoteAddress) ?? "an unknown address", refused.Reason);
        if (_held.TryGetValue(key, out var held) || _held.Count >= Most)
        {
            held ??= _others ??= new Held(now);
            held.Count++;
            held.Why = EventLogMessages.WhyOf(refused);
            Await(held);
            return LogLevel.Debug;
        }

        _held[key] = new Held(now);
        Await(_held[key]);
        return LogLevel.Information;
    }

    /// <summary>Logs the summaries that are due.</summary>
    /// <param name="now">The time of an event.</param>
    public void Pass(TimeSpan now)
    {
        _now = now;
        if (now >= _due)
        {
            Summarize(held => held.Due <= now);
        }
    }

    /// <summary>Logs what is still held back, because the broker stops.</summary>
    public void End() => Summarize(_ => true);

    private void Summarize(Predicate<Held> isDue)
    {
        _due = TimeSpan.MaxValue;
        foreach (var (peer, held) in _held.ToList())
        {
            if (!isDue(held))
            {
                Await(held);
            }
            else if (held.Count == 0)
            {
                _held.Remove(peer);
            }
            else
            {
                logger.RefusedAgain(peer.Address, Times(held), Since(held), held.Why);
                Await(held.Next(_now));
            }
        }

        SummarizeOthers(isDue);
    }

    private void SummarizeOthers(Predicate<Held> isDue)
    {
        if (_others is not { } others)
        {
            return;
        }

        if (!isDue(others))
        {
            Await(others);
            return;
        }

        logger.OthersRefused(Times(others), Since(others));
        _others = null;
    }

    private static string Times(Held held) => Quantity.Of(held.Count, "more time");

    private string Since(Held held) => DurationText.About(_now - held.Since);

    private void Await(Held held) => _due = held.Due < _due ? held.Due : _due;

    /// <summary>What was held back since the last line.</summary>
    private sealed class Held(TimeSpan since)
    {
        private int _minutes = 1;

        public TimeSpan Since { get; private set; } = since;

        public long Count { get; set; }

        public string Why { get; set; } = "";

        public TimeSpan Due => Since + TimeSpan.FromMinutes(_minutes);

        public Held Next(TimeSpan now)
        {
            (Since, Count, _minutes) = (now, 0, Math.Min(_minutes * 2, LongestMinutes));
            return this;
        }
    }
}
