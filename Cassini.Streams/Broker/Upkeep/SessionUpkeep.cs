using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Broker.Sessions;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Quotas;

namespace Cassini.Streams.Broker.Upkeep;

/// <summary>Applies what is due by time to sessions: keep alive, expiry, and wills whose delay is over. Run by the housekeeper.</summary>
internal sealed class SessionUpkeep(SessionTable sessions, ServerPublisher publisher, BrokerEvents events, TimeProvider time)
{
    private const int WillsInAPass = 1_000;
    private const long WillBytesInAPass = 4 * 1024 * 1024;

    /// <summary>Copies of wills, and of messages that ended sessions leave to others, that one identity causes in a pass.</summary>
    private const int CopiesInAPass = 10_000;

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
    /// Does what is due. Of many wills that are due at once, those that are too many for one pass follow with the next: a client that
    /// subscribes to them must be able to read them as they come, not find its queue full. So do those of an identity whose wills have
    /// many subscribers.
    /// </summary>
    public async ValueTask WorkAsync()
    {
        var now = time.GetTimestamp();
        var pass = new Pass();
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
    private async ValueTask PublishAsync(HeldWill? will, Session session, Pass pass)
    {
        if (will is not null)
        {
            pass.Add(will.Message);
            var copies = await publisher.PublishAsync(will, session.Account, session, inTurn: false).ConfigureAwait(false);
            pass.Add(session.Account, copies);
        }
    }

    private async ValueTask EndIfExpiredAsync(Session session, long now, Pass pass, Pieces pieces)
    {
        var end = session.EndIfExpired(now, events);
        if (!end.Ended)
        {
            return;
        }

        try
        {
            session.History.Publish();
        }
        finally
        {
            sessions.Remove(session);
            await sessions.HandOnAsync(end, session.Account, inTurn: false).ConfigureAwait(false);
            pass.Add(session.Account, end.Unfinished.Length);
            await PublishAsync(end.Will, session, pass).ConfigureAwait(false);
        }

        await pieces.TakeAsync(StepsOfASubscription * end.Subscriptions.Length).ConfigureAwait(false);
    }

    /// <summary>What one pass has done.</summary>
    private sealed class Pass
    {
        private readonly Dictionary<Account, int> _copies = [];
        private int _wills;
        private long _bytes;

        /// <summary>Whether what is due for sessions of an identity is done in it.</summary>
        public bool Allows(Account account) =>
            _wills < WillsInAPass && _bytes < WillBytesInAPass && _copies.GetValueOrDefault(account) < CopiesInAPass;

        public void Add(WillMessage will)
        {
            _wills++;
            _bytes += will.Payload.Length;
        }

        public void Add(Account account, int copies) => _copies[account] = _copies.GetValueOrDefault(account) + copies;
    }
}
