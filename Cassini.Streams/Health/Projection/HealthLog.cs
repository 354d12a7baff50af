using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Health.Projection;

/// <summary>The log messages of this namespace. Event ids 1810 to 1819.</summary>
internal static partial class HealthLog
{
    [LoggerMessage(1811, LogLevel.Error, "An observer of health failed and receives no more readings")]
    public static partial void ObserverFailed(ILogger logger, Exception failure);
}
