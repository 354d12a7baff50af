using Cassini.Streams.Broker.Model;
using Cassini.Streams.Events;
using Cassini.Streams.Listening.Connections;
using Cassini.Streams.Mqtt;
using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Broker.Connections;

/// <summary>Counts, logs and publishes that a peer broke the protocol. Thread-safe.</summary>
internal sealed class Violations(BrokerEvents events, ILogger logger)
{
    public void Report(Connection connection, BrokerCounters counters, ProtocolViolation violation)
    {
        counters.AddViolation();
        BrokerLog.Violation(logger, connection.Id, connection.Identity, violation);
        if (!connection.IsProbe)
        {
            var violated = new ProtocolViolated(
                connection.Id, violation.Reason.ToString(), violation.Clause, violation.Message, connection.Identity,
                connection.RemoteAddress);
            events.PublishLimited(violated, connection.Identity, violated.Reason);
        }
    }
}
