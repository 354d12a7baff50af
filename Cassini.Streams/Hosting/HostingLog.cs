using Cassini.Streams.Events;
using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Hosting;

/// <summary>The log messages of this namespace. Event ids 1900 to 1919.</summary>
internal static partial class HostingLog
{
    [LoggerMessage(
        1900,
        LogLevel.Warning,
        "The process's limit of open files is too low: limits are reduced to {MaxConnections} open and {MaxPending} pending connections")]
    public static partial void LimitsReduced(ILogger logger, int maxConnections, int maxPending);

    [LoggerMessage(1901, LogLevel.Warning, "Rehearsal: {What}")]
    public static partial void Rehearsed(ILogger logger, string what);

    [LoggerMessage(1902, LogLevel.Error, "The stage {Stage} of the stop failed: the stop continues without the rest of that stage")]
    public static partial void StageFailed(ILogger logger, DrainStage stage, Exception failure);

    [LoggerMessage(1903, LogLevel.Warning, "A callback of the request to stop failed")]
    public static partial void StopRequestFailed(ILogger logger, Exception failure);
}
