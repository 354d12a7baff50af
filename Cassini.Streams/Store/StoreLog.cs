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

    [LoggerMessage(2307, LogLevel.Error, "Messages that wait in the journal cannot be read back: their clients get none until they can")]
    public static partial void ReadBackFailed(ILogger logger, Exception failure);
}
