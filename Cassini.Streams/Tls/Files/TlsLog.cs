using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Tls.Files;

/// <summary>The log messages of this namespace. Event ids 400 to 419.</summary>
internal static partial class TlsLog
{
    [LoggerMessage(402, LogLevel.Information, "The certificate files match the certificates in use again.")]
    public static partial void Restored(ILogger logger);

    [LoggerMessage(403, LogLevel.Warning, "The certificate files cannot be used. The certificates in use stay in use.")]
    public static partial void ReloadFailed(ILogger logger, Exception failure);
}
