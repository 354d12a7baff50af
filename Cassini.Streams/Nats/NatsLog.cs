using Cassini.Streams.Primitives;
using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Nats;

/// <summary>The log messages of this namespace. Event ids 1920 to 1939.</summary>
internal static partial class NatsLog
{
    [LoggerMessage(1920, LogLevel.Information, "'{Name}' is connected to NATS at {Server}")]
    public static partial void Connected(ILogger logger, string name, string server);

    [LoggerMessage(1921, LogLevel.Warning, "'{Name}' lost its connection to NATS at {Server}: {Reason}")]
    public static partial void Lost(ILogger logger, string name, string server, string reason);

    [LoggerMessage(1922, LogLevel.Warning, "'{Name}' cannot connect to NATS, and keeps trying: {Problems}")]
    public static partial void Unreachable(ILogger logger, string name, string problems);

    [LoggerMessage(1923, LogLevel.Debug, "'{Name}' could not connect to NATS at {Server}")]
    public static partial void AttemptFailed(ILogger logger, string name, string server, Exception failure);

    [LoggerMessage(1924, LogLevel.Warning, "NATS at {Server} refused something that '{Name}' sent: {Error}")]
    public static partial void Refused(ILogger logger, string name, string server, string error);

    [LoggerMessage(1925, LogLevel.Error, "A bug showed when a message of {Subject} was handled")]
    public static partial void HandlerFailed(ILogger logger, string subject, Exception failure);

    [LoggerMessage(1926, LogLevel.Error, "A bug showed when '{Name}' told of its connection to NATS")]
    public static partial void ListenerFailed(ILogger logger, string name, Exception failure);

    [LoggerMessage(1927, LogLevel.Warning, "Messages of {Subject} are handled too slowly: some are dropped")]
    public static partial void Dropping(ILogger logger, string subject);

    [LoggerMessage(1928, LogLevel.Debug, "NATS.Net: {Message}{Detail}")]
    public static partial void Said(ILogger logger, string message, LogDetail detail, Exception? failure);
}
