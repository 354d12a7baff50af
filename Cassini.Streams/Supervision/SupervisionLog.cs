using Cassini.Streams.Events;
using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Supervision;

internal static partial class SupervisionLog
{
    [LoggerMessage(1101, LogLevel.Error, "{Component} crashed")]
    public static partial void Crashed(ILogger logger, Component component, Exception crash);

    [LoggerMessage(1102, LogLevel.Information, "{Component} runs again after crash {Attempt}")]
    public static partial void Restarted(ILogger logger, Component component, int attempt);

    [LoggerMessage(1103, LogLevel.Error, "{Component} crashed {Crashes} times within {Window}: it is not started again")]
    public static partial void GaveUp(ILogger logger, Component component, int crashes, TimeSpan window);

    [LoggerMessage(1104, LogLevel.Error, "{Component} did not end within {Grace} of being failed and is abandoned")]
    public static partial void Abandoned(ILogger logger, Component component, TimeSpan grace);

    [LoggerMessage(1105, LogLevel.Warning, "{Component} failed while it was being stopped")]
    public static partial void FailedWhileStopping(ILogger logger, Component component, Exception failure);
}
