using Cassini.Streams.Broker.Delivery;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Broker.Sessions;

/// <summary>Gives up sessions whose clients have connected to another node of the fleet. Thread-safe.</summary>
internal sealed class SessionRelease(SessionTable sessions, ServerPublisher publisher)
{
    private static readonly CloseOrder TakenOver = new(ReasonCode.SessionTakenOver, CloseReason.TakenOver);

    /// <summary>
    /// The client of a session wants it on another node. One that ends with its connection ends; one that outlives it is made ready to be
    /// moved. Its connection is closed [MQTT-3.1.4-3], and has handled its last packet then.
    /// </summary>
    /// <param name="clientId">The client.</param>
    /// <param name="identity">Who asks: no other identity may have it.</param>
    /// <param name="cleanStart">Whether the client wants a new one in its place [MQTT-3.1.2-4].</param>
    /// <param name="mayLeave">
    /// Whether the one that is to be moved may leave, though its client may have connected here meanwhile. Called under a lock of the
    /// table.
    /// </param>
    /// <param name="cancellationToken">Ends the wait for its connection.</param>
    public async Task<SessionReleased> ReleaseAsync(
        string clientId, string identity, bool cleanStart, Func<bool> mayLeave, CancellationToken cancellationToken)
    {
        if (sessions.Find(clientId) is not { } session)
        {
            return new SessionReleased(ReleaseOutcome.None);
        }

        if (session.Identity != identity)
        {
            return new SessionReleased(ReleaseOutcome.OfAnother);
        }

        if (cleanStart || session.ExpirySeconds == 0)
        {
            var hadConnection = await EndAsync(
                session, session.ExpirySeconds > 0 ? SessionEndReason.CleanStart : SessionEndReason.EndedWithConnection)
                .ConfigureAwait(false);
            return new SessionReleased(ReleaseOutcome.None, HadConnection: hadConnection);
        }

        if (!sessions.TryLeave(session, mayLeave, out var lost, out var will))
        {
            return new SessionReleased(ReleaseOutcome.Busy);
        }

        try
        {
            await DisconnectAsync(session, lost, will, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            // Nobody gets it, so nobody else could let it stay.
            session.Stay();
            throw;
        }

        return new SessionReleased(ReleaseOutcome.Leaving, session, lost is not null);
    }

    /// <summary>Another node has the session now: it ends here.</summary>
    public Task EndMovedAsync(Session session) => EndAsync(session, SessionEndReason.Moved);

    /// <summary>Another node has a later session of this client: the one here ends.</summary>
    public Task EndAsync(string clientId) =>
        sessions.Find(clientId) is { } session ? EndAsync(session, SessionEndReason.Moved) : Task.CompletedTask;

    private async Task DisconnectAsync(Session session, Attachment? lost, HeldWill? will, CancellationToken cancellationToken)
    {
        try
        {
            await session.History.PublishAsync().ConfigureAwait(false);
        }
        finally
        {
            if (lost is not null)
            {
                lost.Connection.Close(TakenOver);
                await publisher.PublishAsync(will, session.Account, session).ConfigureAwait(false);
                await lost.Connection.WhenOutOfBatchAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <returns>Whether its client was connected.</returns>
    private async Task<bool> EndAsync(Session session, SessionEndReason reason)
    {
        var end = session.End(reason);
        if (!end.Ended)
        {
            return false;
        }

        session.Subscriptions.RemoveFromTree(end.Subscriptions);
        try
        {
            await session.History.PublishAsync().ConfigureAwait(false);
        }
        finally
        {
            // Not before: a session that is made in its place goes on with its history.
            sessions.Remove(session);
            end.Attachment?.Connection.Close(TakenOver);

            // What the client sent there comes before what it sends on its new connection [MQTT-4.6.0-6].
            await (end.Attachment?.Connection.WhenOutOfBatchAsync() ?? Task.CompletedTask).ConfigureAwait(false);
            await sessions.HandOnAsync(end, session.Account, inTurn: false).ConfigureAwait(false);
            var ended = reason != SessionEndReason.Moved;
            var displaced = end.Attachment?.TakeWillWhenDisplaced(ended);
            await publisher.PublishAsync(displaced, session.Account, session, inTurn: false).ConfigureAwait(false);
            if (ended)
            {
                await publisher.PublishAsync(end.Will, session.Account, session, inTurn: false).ConfigureAwait(false);
            }
            else
            {
                // The session goes on, so its client is back in time [MQTT-3.1.3-9].
                end.Will?.Release();
            }
        }

        return end.Attachment is not null;
    }
}
