using Cassini.Web.Cli.Context;
using Cassini.Web.Cli.Settings;

namespace Cassini.Web.Cli.Serving;

/// <summary>The one log of the process, on standard error.</summary>
internal sealed class ProcessLogging : IDisposable
{
    private readonly ProcessLog _log;

    private ProcessLogging(ProcessLog log, LoggingOptions options, IReadOnlyDictionary<string, LogLevel> levels)
    {
        _log = log;
        Loggers = LoggerFactory.Create(logging =>
        {
            logging.SetMinimumLevel(options.Level);
            logging.Configure(factory =>
                factory.ActivityTrackingOptions = ActivityTrackingOptions.TraceId | ActivityTrackingOptions.SpanId);

            // Messages of the web server matter when something is wrong, or when everything is logged.
            logging.AddFilter("Microsoft", options.Level >= LogLevel.Information ? Max(options.Level, LogLevel.Warning) : options.Level);
            foreach (var (category, level) in levels)
            {
                logging.AddFilter(category, level);
            }

            logging.AddProvider(log);
        });
    }

    public ILoggerFactory Loggers { get; }

    /// <summary>Begins to log.</summary>
    /// <param name="options">The form and the level.</param>
    /// <param name="levels">Other levels of single categories.</param>
    /// <param name="context">Where to.</param>
    public static ProcessLogging Create(LoggingOptions options, IReadOnlyDictionary<string, LogLevel> levels, CliContext context)
    {
        ILogLayout layout = options.Format == LogFormat.Json ? new JsonLayout() : new TextLayout();
        return new ProcessLogging(new ProcessLog(layout, context.Error, context.Time), options, levels);
    }

    /// <inheritdoc cref="ProcessLog.WriteApart"/>
    public void WriteApart(Action write) => _log.WriteApart(write);

    /// <summary>Writes what waits, and ends.</summary>
    public void Dispose()
    {
        Loggers.Dispose();
        _log.Dispose();
    }

    private static LogLevel Max(LogLevel one, LogLevel other) => one > other ? one : other;
}
