namespace Cassini.Management.Logging;

/// <summary>
/// Keeps events that repeat from filling the log. The first event of a kind is logged at once; those after it are counted, and a summary
/// of them follows after 1 minute, then after 2, 4 and so on, at most 60. After such a time without an event of the kind the next one is
/// a first one again. Time passes with the events. For one observer's thread.
/// </summary>
/// <typeparam name="TKey">What makes two events one kind.</typeparam>
/// <typeparam name="TEvent">The events.</typeparam>
/// <param name="most">The most kinds that have a summary of their own; one for all others counts the rest.</param>
/// <param name="log">Logs the summary of one kind.</param>
/// <param name="logOthers">Logs the summary of all others.</param>
internal sealed class RepeatLimit<TKey, TEvent>(int most, Action<Repeats<TEvent>> log, Action<Repeats<TEvent>> logOthers)
    where TKey : notnull
{
    private const int LongestMinutes = 60;

    private readonly Dictionary<TKey, Held> _held = [];
    private Held? _others;
    private TimeSpan _due = TimeSpan.MaxValue;
    private TimeSpan _now;

    /// <summary>Takes note of an event.</summary>
    /// <param name="key">Its kind.</param>
    /// <param name="happened">The event.</param>
    /// <param name="now">Its time.</param>
    /// <returns>Whether it is the first one, which is to be logged; a summary counts it otherwise.</returns>
    public bool IsFirst(TKey key, TEvent happened, TimeSpan now)
    {
        if (_held.TryGetValue(key, out var held) || _held.Count >= most)
        {
            held ??= _others ??= new Held(now, happened);
            held.Add(happened);
            Await(held);
            return false;
        }

        _held[key] = new Held(now, happened);
        Await(_held[key]);
        return true;
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
        foreach (var (key, held) in _held.ToList())
        {
            if (!isDue(held))
            {
                Await(held);
            }
            else if (held.Count == 0)
            {
                _held.Remove(key);
            }
            else
            {
                log(held.Until(_now));
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

        logOthers(others.Until(_now));
        _others = null;
    }

    private void Await(Held held) => _due = held.Due < _due ? held.Due : _due;

    /// <summary>What was held back after the last line.</summary>
    private sealed class Held(TimeSpan since, TEvent last)
    {
        private int _minutes = 1;
        private TimeSpan _since = since;
        private TEvent _last = last;

        public long Count { get; private set; }

        public TimeSpan Due => _since + TimeSpan.FromMinutes(_minutes);

        public void Add(TEvent happened) => (_last, Count) = (happened, Count + 1);

        public Repeats<TEvent> Until(TimeSpan now) => new(_last, Count, now - _since);

        public Held Next(TimeSpan now)
        {
            (_since, Count, _minutes) = (now, 0, Math.Min(_minutes * 2, LongestMinutes));
            return this;
        }
    }
}
