using Microsoft.Extensions.Options;

namespace Cassini.Web.Cli.Serving;

/// <summary>Which entries are logged: levels that can be changed while the process runs, for all loggers at once. Thread-safe.</summary>
internal sealed class LogFilters : IOptionsMonitor<LoggerFilterOptions>
{
    private readonly Lock _lock = new();
    private readonly List<Action<LoggerFilterOptions, string?>> _listeners = [];
    private volatile LoggerFilterOptions _current;

    /// <param name="level">The level of all categories without one of their own.</param>
    /// <param name="levels">Other levels of single categories.</param>
    public LogFilters(LogLevel level, IReadOnlyDictionary<string, LogLevel> levels) => _current = Of(level, levels);

    public LoggerFilterOptions CurrentValue => _current;

    public LoggerFilterOptions Get(string? name) => _current;

    /// <inheritdoc cref="LogFilters(LogLevel, IReadOnlyDictionary{string, LogLevel})"/>
    public void Change(LogLevel level, IReadOnlyDictionary<string, LogLevel> levels)
    {
        Action<LoggerFilterOptions, string?>[] listeners;
        lock (_lock)
        {
            _current = Of(level, levels);
            listeners = [.. _listeners];
        }

        foreach (var listener in listeners)
        {
            // Not with the options of this call: another one may have changed them meanwhile, and the last must win.
            listener(_current, null);
        }
    }

    public IDisposable OnChange(Action<LoggerFilterOptions, string?> listener)
    {
        lock (_lock)
        {
            _listeners.Add(listener);
        }

        return new Registration(this, listener);
    }

    private static LoggerFilterOptions Of(LogLevel level, IReadOnlyDictionary<string, LogLevel> levels)
    {
        var options = new LoggerFilterOptions { MinLevel = level };

        // Messages of the web server matter when something is wrong, or when everything is logged.
        Add("Microsoft", level >= LogLevel.Information ? Max(level, LogLevel.Warning) : level);
        foreach (var (category, own) in levels)
        {
            Add(category, own);
        }

        return options;

        void Add(string category, LogLevel least) => options.Rules.Add(new LoggerFilterRule(null, category, least, null));
    }

    private static LogLevel Max(LogLevel one, LogLevel other) => one > other ? one : other;

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
