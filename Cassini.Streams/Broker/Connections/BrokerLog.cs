using Cassini.Streams.Mqtt;
using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Broker.Connections;

/// <summary>What this room logs. Event ids 1700 to 1749.</summary>
internal static partial class BrokerLog
{
    public static void Violation(ILogger logger, long id, string identity, ProtocolViolation violation) =>
        Violation(logger, id, identity, violation.Reason, violation.Message, violation.Clause);

    [LoggerMessage(1850, LogLevel.Debug, "Connection {Id} of '{Identity}' broke the protocol: {Reason}, {Message} [{Clause}]")]
    private static partial void Violation(ILogger logger, long id, string identity, ReasonCode reason, string message, string clause);

    [LoggerMessage(1851, LogLevel.Warning, "An observer of '{Filter}' failed and is let go")]
    public static partial void ObserverFailed(ILogger logger, string filter, Exception failure);
}
