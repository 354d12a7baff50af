namespace Cassini.Management.Transport;

internal static partial class TransportLog
{
    [LoggerMessage(2120, LogLevel.Error, "The thread that answers probes failed, and goes on")]
    public static partial void Failed(ILogger logger, Exception failure);
}
