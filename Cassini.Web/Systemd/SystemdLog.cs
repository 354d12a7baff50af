namespace Cassini.Web.Systemd;

/// <summary>The log messages about the service manager. Event ids 2000 to 2019.</summary>
internal static partial class SystemdLog
{
    [LoggerMessage(2000, LogLevel.Warning, "The service manager cannot be told {Message}: {Error}. The broker goes on; this is said once until it can")]
    public static partial void Unreachable(ILogger logger, string message, string error);

    [LoggerMessage(2001, LogLevel.Warning, "The service manager's wishes cannot be met: {Problem}")]
    public static partial void WrongSetting(ILogger logger, string problem);
}
