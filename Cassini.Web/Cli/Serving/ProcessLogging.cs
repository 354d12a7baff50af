using Cassini.Web.Cli.Settings;
using Microsoft.Extensions.Logging.Console;

namespace Cassini.Web.Cli.Serving;

/// <summary>The one log of the process, on standard error.</summary>
internal static class ProcessLogging
{
    private const string Timestamp = "yyyy-MM-ddTHH:mm:ss.fffZ ";

    public static ILoggerFactory Create(LoggingOptions options) => LoggerFactory.Create(logging =>
    {
        logging.SetMinimumLevel(options.Level);
        logging.Configure(factory => factory.ActivityTrackingOptions = ActivityTrackingOptions.TraceId | ActivityTrackingOptions.SpanId);

        // Messages of the web server matter when something is wrong, or when everything is logged.
        logging.AddFilter("Microsoft", options.Level >= LogLevel.Information ? Max(options.Level, LogLevel.Warning) : options.Level);
        if (options.Format == LogFormat.Json)
        {
            logging.AddJsonConsole(json =>
            {
                json.IncludeScopes = true;
                json.UseUtcTimestamp = true;
                json.TimestampFormat = Timestamp.Trim();
            });
        }
        else
        {
            logging.AddSimpleConsole(console =>
            {
                console.IncludeScopes = true;
                console.SingleLine = true;
                console.UseUtcTimestamp = true;
                console.TimestampFormat = Timestamp;
            });
        }

        logging.Services.Configure<ConsoleLoggerOptions>(console =>
        {
            console.LogToStandardErrorThreshold = LogLevel.Trace;

            // A terminal whose output is not read must not stop the broker; the console says itself how many lines it dropped.
            console.QueueFullMode = ConsoleLoggerQueueFullMode.DropWrite;
        });
    });

    private static LogLevel Max(LogLevel one, LogLevel other) => one > other ? one : other;
}
