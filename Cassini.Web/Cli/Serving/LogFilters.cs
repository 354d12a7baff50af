using Microsoft.Extensions.Options;

namespace Cassini.Web.Cli.Serving;

/// <summary>
/// Which entries are logged: levels that can be changed while the process runs, for all loggers at once, and one that is in force for a
/// while. Thread-safe.
/// </summary>
internal sealed class LogFilters : IOptionsMonitor<LoggerFilterOptions>
{
    private readonly Lock _lock = new();
    private readonly List<Action<LoggerFilterOptions, string?>> _listeners = [];
    private volatile Levels _levels;

    /// <param name="level">The level of all categories without one of their own.</param>
    /// <param name="byCategory">Other levels of single categories.</param>
    public LogFilters(LogLevel level, IReadOnlyDictionary<string, LogLevel> byCategory) => _levels = new Levels(level, byCategory, null);

    public LoggerFilterOptions CurrentValue => _levels.Options;

    /// <summary>The level of all categories without one of their own, and the one that is in force for a while; null for none.</summary>
    public (LogLevel Configured, PassingLogLevel? Passing) InForce
    {
        get
        {
            var levels = _levels;
            return (levels.Level, levels.Passing);
        }
    }

    public LoggerFilterOptions Get(string? name) => CurrentValue;

    /// <summary>Changes the configured levels. One that is in force for a while stays so.</summary>
    /// <inheritdoc cref="LogFilters(LogLevel, IReadOnlyDictionary{string, LogLevel})"/>
    public void Change(LogLevel level, IReadOnlyDictionary<string, LogLevel> byCategory) =>
        Replace(levels => new Levels(level, byCategory, levels.Passing));

    /// <summary>Puts another level in force for a while. Whoever does that ends it.</summary>
    /// <returns>The one whose place it took; null for none.</returns>
    public PassingLogLevel? Pass(PassingLogLevel passing)
    {
        PassingLogLevel? before = null;
        Replace(levels =>
        {
            before = levels.Passing;
            return new Levels(levels.Level, levels.ByCategory, passing);
        });
        return before;
    }

    /// <summary>Ends it.</summary>
    /// <returns>False when it was not in force.</returns>
    public bool TryEnd(PassingLogLevel passing) =>
        Replace(levels => ReferenceEquals(levels.Passing, passing) ? new Levels(levels.Level, levels.ByCategory, null) : levels);

    public IDisposable OnChange(Action<LoggerFilterOptions, string?> listener)
    {
        lock (_lock)
        {
            _listeners.Add(listener);
        }

        return new Registration(this, listener);
    }

    /// <returns>Whether it made a change.</returns>
    private bool Replace(Func<Levels, Levels> change)
    {
        Action<LoggerFilterOptions, string?>[] listeners;
        lock (_lock)
        {
            var changed = change(_levels);
            if (ReferenceEquals(changed, _levels))
            {
                return false;
            }

            _levels = changed;
            listeners = [.. _listeners];
        }

        foreach (var listener in listeners)
        {
            // Another call may change them meanwhile, and the last must win: whoever tells an older one tells the newer one after it.
            LoggerFilterOptions told;
            do
            {
                told = CurrentValue;
                listener(told, null);
            }
            while (!ReferenceEquals(told, CurrentValue));
        }

        return true;
    }

    /// <summary>The levels at one instant. Immutable.</summary>
    private sealed class Levels(LogLevel level, IReadOnlyDictionary<string, LogLevel> byCategory, PassingLogLevel? passing)
    {
        public LogLevel Level => level;

        public IReadOnlyDictionary<string, LogLevel> ByCategory => byCategory;

        public PassingLogLevel? Passing => passing;

        public LoggerFilterOptions Options { get; } = Of(level, byCategory, passing);

        private static LoggerFilterOptions Of(
            LogLevel level, IReadOnlyDictionary<string, LogLevel> byCategory, PassingLogLevel? passing)
        {
            var ofAll = passing is { Category: null } ? passing.Level : level;
            var options = new LoggerFilterOptions { MinLevel = ofAll };

            // Messages of the web server matter when something is wrong, or when everything is logged.
            Add("Microsoft", ofAll >= LogLevel.Information ? Max(ofAll, LogLevel.Warning) : ofAll);
            foreach (var (category, own) in byCategory)
            {
                Add(category, own);
            }

            // The last: of two for one category the later one counts.
            if (passing is { Category: { } wanted })
            {
                Add(wanted, passing.Level);
            }

            return options;

            void Add(string category, LogLevel least) => options.Rules.Add(new LoggerFilterRule(null, category, least, null));
        }

        private static LogLevel Max(LogLevel one, LogLevel other) => one > other ? one : other;
    }

    private sealed class Registration(LogFilters filters, Action<LoggerFilterOptions, string?> listener) : IDisposable
    {
        public void Dispose()
        {
            lock (filters._lock)
            {
                filters._listeners.Remove(listener);
            }
        }
    }
}
