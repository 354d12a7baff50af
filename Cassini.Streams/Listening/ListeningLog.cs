using Cassini.Streams.Listening.Endpoints;
using Cassini.Streams.Primitives;
using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Listening;

internal static partial class ListeningLog
{
    [LoggerMessage(1250, LogLevel.Error, "The handler of connection {Id} of {Identity} did not end in time and is abandoned")]
    public static partial void HandlerAbandoned(ILogger logger, long id, string identity);

    [LoggerMessage(1251, LogLevel.Warning, "The handler of connection {Id} failed while the connection was being ended")]
    public static partial void HandlerFailedLate(ILogger logger, long id, Exception failure);

    [LoggerMessage(1252, LogLevel.Debug, "Connection {Id}: TLS close_notify could not be sent")]
    public static partial void CloseNotifyFailed(ILogger logger, long id, Exception failure);

    [LoggerMessage(1253, LogLevel.Warning, "Closing connection {Id} failed")]
    public static partial void CloseFailed(ILogger logger, long id, Exception failure);

    [LoggerMessage(1255, LogLevel.Debug, "{Endpoint}: a peer was gone before it was accepted: {Problem}")]
    public static partial void PeerGoneBeforeAccept(ILogger logger, EndpointAddress endpoint, string problem);

    [LoggerMessage(1256, LogLevel.Warning, "Stopping: {What} did not end within {Limit}")]
    public static partial void StopTimedOut(ILogger logger, string what, LogDuration limit);

    [LoggerMessage(1257, LogLevel.Warning, "A callback that was registered on a cancellation token failed")]
    public static partial void CancellationFailed(ILogger logger, Exception failure);

    [LoggerMessage(1258, LogLevel.Error, "Stopping: {What} had ended with an exception")]
    public static partial void EndedWithFailure(ILogger logger, string what, Exception failure);

    [LoggerMessage(1259, LogLevel.Error, "The abandoned handler of connection {Id} of {Identity} did not close its session in time")]
    public static partial void SessionNotClosed(ILogger logger, long id, string identity);

    [LoggerMessage(1260, LogLevel.Debug, "Connection {Id} of {Identity}: its WebSocket ends: {Problem}")]
    public static partial void FramesWrong(ILogger logger, long id, string identity, string problem);

    [LoggerMessage(1261, LogLevel.Debug, "Connection {Id}: the WebSocket's close frame could not be sent")]
    public static partial void CloseFrameFailed(ILogger logger, long id, Exception failure);

    [LoggerMessage(1262, LogLevel.Error, "Connection {Id} goes on: whether its certificate is revoked could not be judged")]
    public static partial void RevocationFailed(ILogger logger, long id, Exception failure);
}
