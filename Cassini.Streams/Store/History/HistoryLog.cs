using Cassini.Streams.Primitives;
using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Store.History;

/// <summary>The log messages of this namespace. Event ids 1840 to 1849.</summary>
internal static partial class HistoryLog
{
    [LoggerMessage(
        1840,
        LogLevel.Warning,
        "The history is not written: {Problem}. It is tried again, at least every {Longest}; nothing else is affected. "
        + "Events that are not written in time are missing in the history")]
    public static partial void GaveUp(ILogger logger, string problem, LogDuration longest, Exception? failure);

    [LoggerMessage(1841, LogLevel.Information, "The history is written again: {Path}")]
    public static partial void Recovered(ILogger logger, string path);

    [LoggerMessage(1842, LogLevel.Warning, "{Path} {Why}. It was put aside as {Aside}, and a new history begins")]
    public static partial void PutAside(ILogger logger, string path, string why, string aside);

    [LoggerMessage(1843, LogLevel.Warning, "{Count:#,0} events, {From} to {To}, are missing in the history: they were not written in time")]
    public static partial void Lost(ILogger logger, long count, long from, long to);

    [LoggerMessage(
        1844, LogLevel.Information, "The run before this one, {Epoch}, did not end by itself: {End}; its last event is of {Last}")]
    public static partial void EndedBefore(ILogger logger, string epoch, string end, string last);

    [LoggerMessage(1845, LogLevel.Warning, "The history did not end within {Limit}: the stop continues without its last events")]
    public static partial void Left(ILogger logger, LogDuration limit);

    [LoggerMessage(1846, LogLevel.Debug, "{Path} could not be closed")]
    public static partial void CloseFailed(ILogger logger, string path, Exception failure);

    [LoggerMessage(1847, LogLevel.Warning, "The history could not be read")]
    public static partial void ReadFailed(ILogger logger, Exception failure);

    [LoggerMessage(1848, LogLevel.Warning, "The state of health could not be written to the history: a replay of it begins later")]
    public static partial void StateFailed(ILogger logger, Exception failure);
}
