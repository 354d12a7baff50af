using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Broker.Sessions;

namespace Cassini.Streams.Broker.Upkeep;

/// <summary>Applies what is due by time to sessions: keep alive, expiry, and wills whose delay is over. Run by the housekeeper.</summary>
internal sealed class SessionUpkeep(SessionTable sessions, ServerPublisher publisher, BrokerEvents events, TimeProvider time)
{
    /// <summary>The steps of a look at one session.</summary>
    private const int StepsOfALook = 2;

    /// <summary>The steps of the end of one subscription.</summary>
    private const int StepsOfASubscription = 16;

    /// <summary>This process was paused: the time does not count as its clients' silence.</summary>
    public void Forgive(TimeSpan pause)
    {
        foreach (var session in sessions.All)
        {
            session.Attachment?.Connection.Forgive(pause);
        }
    }

    /// <summary>
    /// Does what is due. Of many wills that are due at once, those that are too many for one pass follow with the next, see
    /// <see cref="UpkeepPass"/>.
    /// </summary>
    public async ValueTask WorkAsync()
    {
        var now = time.GetTimestamp();
        var pass = new UpkeepPass();
        var pieces = new Pieces(time);
        foreach (var session in sessions.All)
        {
            if (session.Attachment is { } attachment)
            {
                attachment.Connection.CloseIfSilent(now);
            }
            else if (pass.Allows(session.Account))
            {
                await PublishAsync(session.TakeDueWill(now), session, pass).ConfigureAwait(false);
                await EndIfExpiredAsync(session, now, pass, pieces).ConfigureAwait(false);
            }

            await pieces.TakeAsync(StepsOfALook).ConfigureAwait(false);
        }
    }

    /// <remarks>In no turn of its identity, because the others of the pass would wait for that.</remarks>
    private async ValueTask PublishAsync(HeldWill? will, Session session, UpkeepPass pass)
    {
        if (will is not null)
        {
            var copies = await publisher.PublishAsync(will, session.Account, session, inTurn: false).ConfigureAwait(false);
            pass.AddWill(session.Account, will.Payload.Length + will.Properties.Length, copies);
        }
    }

    private async ValueTask EndIfExpiredAsync(Session session, long now, UpkeepPass pass, Pieces pieces)
    {
        var end = session.EndIfExpired(now, events);
        if (!end.Ended)
        {
            return;
        }

        var copies = end.Unfinished.Count;
        try
        {
            session.History.Publish();
        }
        finally
        {
            sessions.Remove(session);
            await sessions.HandOnAsync(end, session.Account, inTurn: false).ConfigureAwait(false);
            pass.AddCopies(session.Account, copies);
            await PublishAsync(end.Will, session, pass).ConfigureAwait(false);
        }

        await pieces.TakeAsync(StepsOfASubscription * end.Subscriptions.Length).ConfigureAwait(false);
    }
}
