using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Broker.Sessions;
using Cassini.Streams.Mqtt.Packets;

namespace Cassini.Streams.Broker.Upkeep;

/// <summary>Applies what is due by time to sessions: keep alive, expiry, and wills whose delay is over. Run by the housekeeper.</summary>
internal sealed class SessionUpkeep(SessionTable sessions, ServerPublisher publisher, BrokerEvents events, TimeProvider time)
{
    private const int WillsInAPass = 1_000;
    private const long WillBytesInAPass = 4 * 1024 * 1024;

    /// <summary>This process was paused: the time does not count as its clients' silence.</summary>
    public void Forgive(TimeSpan pause)
    {
        foreach (var session in sessions.All)
        {
            session.Attachment?.Connection.Forgive(pause);
        }
    }

    /// <summary>
    /// Does what is due. Of many wills that are due at once, those that are too many for one pass follow with the next: a client that
    /// subscribes to them must be able to read them as they come, not find its queue full.
    /// </summary>
    public void Work()
    {
        var now = time.GetTimestamp();
        var (wills, bytes) = (0, 0L);
        foreach (var session in sessions.All)
        {
            if (session.Attachment is { } attachment)
            {
                attachment.Connection.CloseIfSilent(now);
            }
            else if (wills < WillsInAPass && bytes < WillBytesInAPass)
            {
                foreach (var will in (ReadOnlySpan<HeldWill?>)[PublishDueWill(session, now), EndIfExpired(session, now)])
                {
                    wills += will is null ? 0 : 1;
                    bytes += will?.Message.Payload.Length ?? 0;
                }
            }
        }
    }

    private HeldWill? PublishDueWill(Session session, long now)
    {
        var will = session.TakeDueWill(now);
        publisher.Publish(will, session.Account, session);
        return will;
    }

    /// <returns>The will that was published because of it.</returns>
    private HeldWill? EndIfExpired(Session session, long now)
    {
        var end = session.EndIfExpired(now, events);
        if (!end.Ended)
        {
            return null;
        }

        try
        {
            session.History.Publish();
        }
        finally
        {
            sessions.Remove(session);
            publisher.Publish(end.Will, session.Account, session);
        }

        return end.Will;
    }
}
