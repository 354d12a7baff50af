using Cassini.Web.Cli.Serving;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Cassini.Tests.Cli.Serving;

public sealed class LogFiltersTests : IDisposable
{
    private readonly LogFilters _filters = new(LogLevel.Information, new Dictionary<string, LogLevel> { ["Loud"] = LogLevel.Trace });
    private readonly LoggerFactory _loggers;

    public LogFiltersTests() => _loggers = new LoggerFactory([new Everything()], _filters, Options.Create(new LoggerFactoryOptions()));

    public void Dispose() => _loggers.Dispose();

    [Fact]
    public void Change_LoggersThatExist_HaveTheNewLevels()
    {
        var (plain, loud) = (_loggers.CreateLogger("Cassini.X"), _loggers.CreateLogger("Loud.X"));
        var web = _loggers.CreateLogger("Microsoft.X");
        (LeastOf(plain), LeastOf(loud), LeastOf(web)).ShouldBe((LogLevel.Information, LogLevel.Trace, LogLevel.Warning));

        _filters.Change(LogLevel.Debug, new Dictionary<string, LogLevel> { ["Cassini"] = LogLevel.Error });

        (LeastOf(plain), LeastOf(loud), LeastOf(web)).ShouldBe((LogLevel.Error, LogLevel.Debug, LogLevel.Debug));
        LeastOf(_loggers.CreateLogger("Cassini.Y")).ShouldBe(LogLevel.Error, "loggers that are made later too");
    }

    // As when two change them at once: whoever told the older levels last must not have the last word.
    [Fact]
    public void Change_WhileAListenerIsTold_TellsTheLastLevelsLast()
    {
        var told = new List<LogLevel>();
        using var other = _filters.OnChange((options, _) =>
        {
            if (options.MinLevel == LogLevel.Debug)
            {
                _filters.Change(LogLevel.Error, new Dictionary<string, LogLevel>());
            }
        });
        using var listener = _filters.OnChange((options, _) => told.Add(options.MinLevel));

        _filters.Change(LogLevel.Debug, new Dictionary<string, LogLevel>());

        told[^1].ShouldBe(LogLevel.Error);
        LeastOf(_loggers.CreateLogger("Cassini.X")).ShouldBe(LogLevel.Error);
    }

    [Fact]
    public void Pass_OfACategoryThatHasALevel_IsInForceForIt()
    {
        var loud = _loggers.CreateLogger("Loud.X");
        var passing = new PassingLogLevel(LogLevel.Error, "Loud", default);

        _filters.Pass(passing).ShouldBeNull();
        LeastOf(loud).ShouldBe(LogLevel.Error);

        _filters.TryEnd(passing).ShouldBeTrue();
        LeastOf(loud).ShouldBe(LogLevel.Trace);
    }

    private static LogLevel LeastOf(ILogger logger) => Enum.GetValues<LogLevel>().First(logger.IsEnabled);

    private sealed class Everything : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
        }

        public void Dispose()
        {
        }
    }
}
