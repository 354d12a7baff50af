using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Broker.Sessions;
using Cassini.Streams.Quotas;

namespace Cassini.Streams.Broker.Upkeep;

/// <summary>Applies what is due by time to sessions: keep alive, expiry, and wills whose delay is over. Run by the housekeeper.</summary>
internal sealed class SessionUpkeep(
    AccountTable accounts, SessionTable sessions, ServerPublisher publisher, BrokerEvents events, TimeProvider time)
{
    /// <summary>The steps of a look at one session.</summary>
    private const int StepsOfALook = 2;

    /// <summary>The steps of the end of one subscription.</summary>
    private const int StepsOfASubscription = 16;

    private readonly Queue<(HeldWill? Will, Account Account, Session? Session)> _restored = new();

    /// <summary>A will was due when this process began.</summary>
    /// <param name="will">The will; null when none is due.</param>
    /// <param name="account">Its account, which was opened for it.</param>
    /// <param name="session">Its session; null when that has ended.</param>
    public void AddRestored(HeldWill? will, Account account, Session? session) => _restored.Enqueue((will, account, session));

    /// <summary>Publishes the wills that were due when this process began.</summary>
    public async ValueTask PublishRestoredAsync()
    {
        while (_restored.TryDequeue(out var one))
        {
            try
            {
                await publisher.PublishAsync(one.Will, one.Account, one.Session).ConfigureAwait(false);
            }
            finally
            {
                accounts.Close(one.Account);
            }
        }
    }

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
        if (sessions.Fleet is { HasJoined: false })
        {
            // It has no clients yet, and what is due does not know where to go.
            return;
        }

        await PublishRestoredAsync().ConfigureAwait(false);
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
