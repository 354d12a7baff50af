using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Tls.Files;

/// <summary>The log messages of this namespace. Event ids 400 to 419.</summary>
internal static partial class TlsLog
{
    [LoggerMessage(402, LogLevel.Information, "The certificate files match the certificates in use again.")]
    public static partial void Restored(ILogger logger);

    /// <summary>Not an error of Cassini's, so the event's line in the log says it, and only this one where it was found.</summary>
    [LoggerMessage(404, LogLevel.Debug, "The certificate files cannot be used")]
    public static partial void Refused(ILogger logger, Exception failure);

    [LoggerMessage(403, LogLevel.Warning, "The certificate files cannot be used. The certificates in use stay in use.")]
    public static partial void ReloadFailed(ILogger logger, Exception failure);
}
