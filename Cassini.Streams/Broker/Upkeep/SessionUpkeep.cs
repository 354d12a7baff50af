using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Broker.Sessions;
using Cassini.Streams.Events;

namespace Cassini.Streams.Broker.Upkeep;

/// <summary>Applies what is due by time to sessions: keep alive, expiry, and wills whose delay is over. Run by the housekeeper.</summary>
internal sealed class SessionUpkeep(
    SessionTable sessions, ServerPublisher publisher, BrokerEvents events, BrokerCounters counters, TimeProvider time)
{
    public void Work()
    {
        var now = time.GetTimestamp();
        foreach (var session in sessions.All)
        {
            if (session.Attachment is { } attachment)
            {
                attachment.Connection.CloseIfSilent(now);
                continue;
            }

            publisher.Publish(session.TakeDueWill(now), session);
            var end = session.EndIfExpired(now);
            if (end.Ended)
            {
                counters.AddEnded(SessionEndReason.Expired);
                end.Turn!.Publish(events, events.TryTake() ? new SessionEnded(session.ClientId, SessionEndReason.Expired) : null);
                sessions.Remove(session);
                publisher.Publish(end.Will, session);
            }
        }
    }
}
