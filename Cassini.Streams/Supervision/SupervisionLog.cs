using Cassini.Streams.Events;
using Cassini.Streams.Primitives;
using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Supervision;

internal static partial class SupervisionLog
{
    [LoggerMessage(1350, LogLevel.Error, "{Component} crashed")]
    public static partial void Crashed(ILogger logger, Component component, Exception crash);

    [LoggerMessage(1351, LogLevel.Error, "{Component} did not end within {Grace} after it was failed, and is abandoned")]
    public static partial void Abandoned(ILogger logger, Component component, LogDuration grace);

    [LoggerMessage(1352, LogLevel.Warning, "{Component} failed while it was being stopped")]
    public static partial void FailedWhileStopping(ILogger logger, Component component, Exception failure);
}
