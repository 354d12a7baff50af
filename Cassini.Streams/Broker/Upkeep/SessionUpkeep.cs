using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Broker.Sessions;

namespace Cassini.Streams.Broker.Upkeep;

/// <summary>Applies what is due by time to sessions: keep alive, expiry, and wills whose delay is over. Run by the housekeeper.</summary>
internal sealed class SessionUpkeep(SessionTable sessions, ServerPublisher publisher, BrokerEvents events, TimeProvider time)
{
    /// <summary>This process was paused: the time does not count as its clients' silence.</summary>
    public void Forgive(TimeSpan pause)
    {
        foreach (var session in sessions.All)
        {
            session.Attachment?.Connection.Forgive(pause);
        }
    }

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
            var end = session.EndIfExpired(now, events);
            if (end.Ended)
            {
                try
                {
                    session.History.Publish();
                }
                finally
                {
                    sessions.Remove(session);
                    publisher.Publish(end.Will, session);
                }
            }
        }
    }
}
