namespace Cassini.Web.Cli.Serving;

/// <summary>The log messages about the run of the process. Event ids 2020 to 2039.</summary>
internal static partial class ServingLog
{
    /// <summary>The event id of the line that says how many lines the log itself dropped.</summary>
    public const int LinesDropped = 2026;

    /// <summary>The event id of the last line of a process that an exception ends.</summary>
    public const int ProcessEnds = 2028;

    /// <summary>One line says it to the operator; this is where it came from.</summary>
    [LoggerMessage(2020, LogLevel.Debug, "The start failed")]
    public static partial void StartFailed(ILogger logger, Exception failure);

    [LoggerMessage(2021, LogLevel.Warning, "The last spans could not be exported")]
    public static partial void LastSpansLost(ILogger logger, Exception failure);

    /// <summary>In a log of JSON, where a line of text would be none.</summary>
    [LoggerMessage(2023, LogLevel.Error, "{Problem}")]
    public static partial void Refused(ILogger logger, string problem);

    [LoggerMessage(2024, LogLevel.Warning, "{Warning}")]
    public static partial void Warned(ILogger logger, string warning);

    [LoggerMessage(2025, LogLevel.Critical, "The broker ends because of a bug")]
    public static partial void Failed(ILogger logger, Exception failure);

    /// <summary>The start-up text of a log of JSON.</summary>
    [LoggerMessage(2027, LogLevel.Information, "Cassini {Version}, broker {Name}, listens on {Endpoints}; management is {Management}")]
    public static partial void Started(ILogger logger, string version, string name, string endpoints, string management);

    /// <summary>The first error is the event's, with the id 1712.</summary>
    [LoggerMessage(2029, LogLevel.Warning, "New settings are wrong: {Problem}")]
    public static partial void SettingRefused(ILogger logger, string problem);

    [LoggerMessage(2022, LogLevel.Error, "A reload failed; SIGHUP asks for another")]
    public static partial void ReloadFailed(ILogger logger, Exception failure);
}
