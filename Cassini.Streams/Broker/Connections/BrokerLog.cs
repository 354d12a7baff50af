using Cassini.Streams.Mqtt;
using Cassini.Streams.Primitives;
using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Broker.Connections;

/// <summary>What the broker logs. Event ids 1850 to 1899.</summary>
internal static partial class BrokerLog
{
    public static void Violation(ILogger logger, long id, string identity, ProtocolViolation violation) =>
        Violation(logger, id, identity, violation.Reason, SafeText.Line(violation.Message), violation.Clause);

    [LoggerMessage(1850, LogLevel.Debug, "Connection {Id} of '{Identity}' broke the protocol: {Reason}, {Message} [{Clause}]")]
    private static partial void Violation(ILogger logger, long id, string identity, ReasonCode reason, string message, string clause);

    [LoggerMessage(1851, LogLevel.Warning, "An observer of '{Filter}' threw an exception and is no longer called")]
    public static partial void ObserverFailed(ILogger logger, string filter, Exception failure);

    [LoggerMessage(1852, LogLevel.Warning, "A listener failed at the end of a message's span")]
    public static partial void SpanListenerFailed(ILogger logger, Exception failure);

    [LoggerMessage(1853, LogLevel.Error, "A bug showed when connection {Id} of '{Identity}' had ended")]
    public static partial void CrashedAtTheEnd(ILogger logger, long id, string identity, Exception crash);

    [LoggerMessage(1854, LogLevel.Error, "A bug showed when messages were read back from the store")]
    public static partial void ReadingBackFailed(ILogger logger, Exception failure);
}
