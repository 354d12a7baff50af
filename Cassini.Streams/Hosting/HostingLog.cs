using Cassini.Streams.Events;
using Cassini.Streams.Primitives;
using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Hosting;

/// <summary>The log messages of this namespace. Event ids 1900 to 1919.</summary>
internal static partial class HostingLog
{
    [LoggerMessage(
        1900,
        LogLevel.Warning,
        "The process may open {Limit:#,0} files, and {Wanted:#,0} are wanted: it accepts at most {MaxConnections:#,0} open and "
        + "{MaxPending:#,0} pending connections. Allow more with 'ulimit -n {Wanted}' or LimitNOFILE={Wanted}, "
        + "or lower Listener:MaxConnections and Listener:MaxPending")]
    public static partial void LimitsReduced(ILogger logger, long limit, long wanted, int maxConnections, int maxPending);

    [LoggerMessage(1901, LogLevel.Warning, "Rehearsal: {What}")]
    public static partial void Rehearsed(ILogger logger, string what);

    [LoggerMessage(1902, LogLevel.Error, "The stage {Stage} of the stop failed: the stop continues without the rest of that stage")]
    public static partial void StageFailed(ILogger logger, DrainStage stage, Exception failure);

    [LoggerMessage(1903, LogLevel.Warning, "A callback that was registered on a token of the stop failed")]
    public static partial void CancellationFailed(ILogger logger, Exception failure);

    [LoggerMessage(1904, LogLevel.Warning, "Stopping: the start did not end within {Limit}: the stop continues without it")]
    public static partial void StartLeft(ILogger logger, LogDuration limit);

    [LoggerMessage(1905, LogLevel.Warning, "Stopping: {Component} did not end within {Limit}: the stop continues without it")]
    public static partial void ServiceLeft(ILogger logger, Component component, LogDuration limit);

    [LoggerMessage(1906, LogLevel.Error, "A part of the stop failed: the parts after it end all the same")]
    public static partial void StopFailed(ILogger logger, Exception failure);

    [LoggerMessage(
        1907,
        LogLevel.Information,
        "Memory returned to the system after a peak: the heap had {Before:#,0} MiB and has {After:#,0} MiB; that took {Took}")]
    public static partial void MemoryReturned(ILogger logger, long before, long after, LogDuration took);
}
