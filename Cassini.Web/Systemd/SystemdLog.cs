namespace Cassini.Web.Systemd;

/// <summary>The log messages about the service manager. Event ids 2000 to 2019.</summary>
internal static partial class SystemdLog
{
    [LoggerMessage(
        2000,
        LogLevel.Warning,
        "The service manager cannot be notified of {Message}: {Error}. "
        + "The broker continues; this is logged once until notifying succeeds again")]
    public static partial void Unreachable(ILogger logger, string message, string error, Exception cause);

    [LoggerMessage(2001, LogLevel.Warning, "The service manager's settings cannot be used: {Problem}")]
    public static partial void WrongSetting(ILogger logger, string problem);

    [LoggerMessage(2002, LogLevel.Error, "Notifying the service manager failed")]
    public static partial void NotNotified(ILogger logger, Exception failure);
}
