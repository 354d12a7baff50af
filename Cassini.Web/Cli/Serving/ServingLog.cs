namespace Cassini.Web.Cli.Serving;

/// <summary>The log messages about the run of the process. Event ids 2020 to 2039.</summary>
internal static partial class ServingLog
{
    /// <summary>One line on standard error says it to the operator; this is where it came from.</summary>
    [LoggerMessage(2020, LogLevel.Debug, "The start failed")]
    public static partial void StartFailed(ILogger logger, Exception failure);

    [LoggerMessage(2021, LogLevel.Warning, "The last spans could not be exported")]
    public static partial void LastSpansLost(ILogger logger, Exception failure);

    [LoggerMessage(2022, LogLevel.Error, "A reload that SIGHUP asked for failed; the next SIGHUP asks for another")]
    public static partial void ReloadFailed(ILogger logger, Exception failure);
}
