using Cassini.Management.Control;
using Cassini.Streams.Events;
using Cassini.Streams.Settings;
using Cassini.Streams.Settings.Reading;

namespace Cassini.Web.Cli.Serving;

/// <summary>Another level of the log for a while, after which the configured ones are in force again. Thread-safe.</summary>
/// <param name="filters">The log.</param>
/// <param name="events">Where changes are published, with who asked for them.</param>
/// <param name="time">The one clock.</param>
internal sealed class LogLevels(LogFilters filters, IEventPublisher events, TimeProvider time) : ILogLevels, IDisposable
{
    private const string TimeIsOver = "the end of its time";

    public IReadOnlyList<string> Words => LogLevelText.Words;

    public LogLevelState Current
    {
        get
        {
            var (configured, passing) = filters.InForce;
            return passing is null
                ? new LogLevelState(SettingText.Of(configured), null, null, SettingText.Of(configured))
                : new LogLevelState(SettingText.Of(passing.Level), passing.Category, passing.Until, SettingText.Of(configured));
        }
    }

    public LogLevelState? Change(string level, string? category, TimeSpan length, string caller)
    {
        if (!LogLevelText.TryParse(level, out var wanted))
        {
            return null;
        }

        // Before it is in force: it may be one at which this is not logged.
        events.Publish(new LogLevelChanged(SettingText.Of(wanted), category, length, caller));
        var passing = new PassingLogLevel(wanted, category, time.GetUtcNow() + length);
        passing.Timer = time.CreateTimer(_ => End(passing), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        // The last of several at once is in force, and its own timer is the one that is left.
        filters.Pass(passing)?.Timer?.Dispose();
        passing.Timer.Change(length, Timeout.InfiniteTimeSpan);
        return Current;
    }

    public LogLevelState Return(string caller)
    {
        if (filters.InForce.Passing is { } passing)
        {
            End(passing, caller);
        }

        return Current;
    }

    public void Dispose() => filters.InForce.Passing?.Timer?.Dispose();

    private void End(PassingLogLevel passing, string by = TimeIsOver)
    {
        passing.Timer?.Dispose();

        // Not when another one has taken its place.
        if (filters.TryEnd(passing))
        {
            events.Publish(new LogLevelChanged(SettingText.Of(filters.InForce.Configured), passing.Category, null, by));
        }
    }
}
