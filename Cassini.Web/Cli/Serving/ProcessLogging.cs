using Cassini.Web.Cli.Context;
using Cassini.Web.Cli.Settings;
using Microsoft.Extensions.Options;

namespace Cassini.Web.Cli.Serving;

/// <summary>The one log of the process, on standard error.</summary>
internal sealed class ProcessLogging : IDisposable
{
    private readonly ProcessLog _log;

    private ProcessLogging(ProcessLog log, LogFilters filters)
    {
        _log = log;
        Filters = filters;
        Loggers = new LoggerFactory([log], filters, Options.Create(new LoggerFactoryOptions
        {
            ActivityTrackingOptions = ActivityTrackingOptions.TraceId | ActivityTrackingOptions.SpanId,
        }));
    }

    public ILoggerFactory Loggers { get; }

    /// <summary>Which entries are logged.</summary>
    public LogFilters Filters { get; }

    /// <summary>Begins to log.</summary>
    /// <param name="options">The form and the level.</param>
    /// <param name="levels">Other levels of single categories.</param>
    /// <param name="context">Where to.</param>
    public static ProcessLogging Create(LoggingOptions options, IReadOnlyDictionary<string, LogLevel> levels, CliContext context)
    {
        ILogLayout layout = options.Format == LogFormat.Json ? new JsonLayout() : new TextLayout();
        return new ProcessLogging(new ProcessLog(layout, context.Error, context.Time), new LogFilters(options.Level, levels));
    }

    /// <inheritdoc cref="ProcessLog.WriteApart"/>
    public void WriteApart(Action write) => _log.WriteApart(write);

    /// <summary>Writes what waits, and ends.</summary>
    public void Dispose()
    {
        Loggers.Dispose();
        _log.Dispose();
    }
}
