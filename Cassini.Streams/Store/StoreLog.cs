using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Store;

/// <summary>The log messages of the store.</summary>
internal static partial class StoreLog
{
    [LoggerMessage(2301, LogLevel.Information, "Recovered {Sessions} sessions with {Messages} messages from {Bytes} bytes in {Elapsed}")]
    public static partial void Recovered(ILogger logger, int sessions, long messages, long bytes, TimeSpan elapsed);

    [LoggerMessage(2302, LogLevel.Error, "The journal cannot be written, and nothing that needs it is acknowledged until it can")]
    public static partial void CommitFailed(ILogger logger, Exception failure);

    [LoggerMessage(2303, LogLevel.Information, "The journal can be written again")]
    public static partial void CommitsAgain(ILogger logger);

    [LoggerMessage(2305, LogLevel.Warning, "What is dead in the journal could not be dropped")]
    public static partial void TrimFailed(ILogger logger, Exception failure);

    [LoggerMessage(2304, LogLevel.Warning, "The ledger that failed could not be closed")]
    public static partial void CloseFailed(ILogger logger, Exception failure);
}
