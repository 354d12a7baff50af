using Cassini.Streams.Primitives;
using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Store;

/// <summary>The log messages of the store.</summary>
internal static partial class StoreLog
{
    /// <summary>An event tells health the same, without the stack.</summary>
    [LoggerMessage(2302, LogLevel.Error, "The journal cannot be written")]
    public static partial void Failing(ILogger logger, Exception failure);

    [LoggerMessage(2304, LogLevel.Warning, "The ledger that failed could not be closed")]
    public static partial void CloseFailed(ILogger logger, Exception failure);

    [LoggerMessage(2305, LogLevel.Warning, "What is dead in the journal could not be dropped")]
    public static partial void TrimFailed(ILogger logger, Exception failure);

    [LoggerMessage(2306, LogLevel.Error, "The last changes before the stop could not be written: nobody was told that they were kept")]
    public static partial void LastWriteFailed(ILogger logger, Exception? failure);

    [LoggerMessage(
        2307,
        LogLevel.Error,
        "The disk of the journal did not answer within {Patience}: the stop continues without it. {Waiting:#,0} changes were not written; "
        + "nobody was told that they were kept")]
    public static partial void StopLeft(ILogger logger, LogDuration patience, int waiting);

    [LoggerMessage(
        2308,
        LogLevel.Warning,
        "The write-ahead log of the journal could not be copied into it: it grows until that works. It is tried each second")]
    public static partial void CheckpointFailed(ILogger logger, Exception failure);

    [LoggerMessage(2309, LogLevel.Error, "Messages that wait in the journal cannot be read back: their client gets none until they can")]
    public static partial void ReadBackFailed(ILogger logger, Exception failure);
}
