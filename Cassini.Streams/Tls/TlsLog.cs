using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Tls;

/// <summary>What this room logs. Event ids 400 to 419.</summary>
internal static partial class TlsLog
{
    [LoggerMessage(400, LogLevel.Information, "Certificates loaded: {Server} until {NotAfter:u}, {Authorities} CA(s), {Revoked} revoked.")]
    public static partial void Loaded(ILogger logger, string server, DateTimeOffset notAfter, int authorities, int revoked);

    [LoggerMessage(401, LogLevel.Error, "New certificate files cannot be used, the old ones still serve: {Problem}")]
    public static partial void ReloadFailed(ILogger logger, string problem);

    [LoggerMessage(402, LogLevel.Information, "The certificate files are again those in use.")]
    public static partial void Restored(ILogger logger);

    [LoggerMessage(403, LogLevel.Warning, "{Role} {Subject} ends {NotAfter:u}.")]
    public static partial void Expiring(ILogger logger, string role, string subject, DateTimeOffset notAfter);

    [LoggerMessage(404, LogLevel.Error, "{Role} {Subject} ended {NotAfter:u}.")]
    public static partial void Expired(ILogger logger, string role, string subject, DateTimeOffset notAfter);
}
