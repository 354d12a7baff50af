using Cassini.Streams.Settings;

namespace Cassini.Web.Cli.Settings;

/// <summary>How the process logs. The log goes to standard error: standard output is for the start-up text.</summary>
internal sealed record LoggingOptions : IOptionsRecord
{
    /// <summary>One line for people, or one JSON object for machines.</summary>
    public LogFormat Format { get; init; } = LogFormat.Console;

    /// <summary>The least severe level that is logged.</summary>
    [Form("trace, debug, info, warn, error, critical, off")]
    public LogLevel Level { get; init; } = LogLevel.Information;
}

/// <summary>The form of a log entry.</summary>
internal enum LogFormat
{
    Console,
    Json,
}
