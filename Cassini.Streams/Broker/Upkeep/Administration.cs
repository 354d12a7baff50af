using Cassini.Streams.Broker.Delivery;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Broker.Sessions;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Broker.Upkeep;

/// <summary>
/// What an operator may do to make room: end sessions and remove retained messages, in slices, so that others are served meanwhile. A
/// client may come back at once: it begins anew. Thread-safe.
/// </summary>
internal sealed class Administration(SessionTable sessions, RetainedMessages retained, ServerPublisher publisher)
{
    private const int SessionsInASlice = 20;

    /// <summary>How many messages are removed before others have a turn.</summary>
    private const int RetainedInASlice = 100;

    /// <summary>How many topics are looked at before others have a turn.</summary>
    private const int StepsInASlice = 2_000;

    private static readonly CloseOrder Order =
        new(ReasonCode.AdministrativeAction, CloseReason.Disconnected, "an operator ended the session");

    /// <summary>
    /// Ends a session with everything that belongs to it, open or kept. A connection gets DISCONNECT with 0x98. A will is published,
    /// because the session ends and its client did not take it back [MQTT-3.1.2-8].
    /// </summary>
    /// <returns>Null when there is no such session; else whether it was open.</returns>
    public async Task<bool?> EndSessionAsync(string clientId) =>
        sessions.Find(clientId) is { } session ? await EndAsync(session).ConfigureAwait(false) : null;

    /// <summary>Ends the sessions of an identity.</summary>
    /// <returns>How many there were, and how many of these were open.</returns>
    public async Task<(int Ended, int Open)> EndSessionsOfAsync(string identity, CancellationToken cancellation)
    {
        var (ended, open) = (0, 0);
        foreach (var session in sessions.All.Where(session => session.Identity == identity))
        {
            if (await EndAsync(session).ConfigureAwait(false) is { } wasOpen)
            {
                ended++;
                open += wasOpen ? 1 : 0;
                if (ended % SessionsInASlice == 0)
                {
                    cancellation.ThrowIfCancellationRequested();
                    await Task.Yield();
                }
            }
        }

        return (ended, open);
    }

    /// <summary>
    /// Removes the retained messages whose topics match a filter, but for the broker's own. Subscribers are not told of it.
    /// </summary>
    /// <param name="filter">A valid filter.</param>
    /// <param name="removed">Receives how many each slice removed.</param>
    /// <param name="cancellation">Ends it between two slices.</param>
    public async Task PurgeRetainedAsync(byte[] filter, Action<int> removed, CancellationToken cancellation)
    {
        var search = retained.Search(filter, long.MaxValue);
        while (!search.IsAtEnd)
        {
            cancellation.ThrowIfCancellationRequested();
            removed(retained.RemoveSome(search, RetainedInASlice, StepsInASlice));
            await Task.Yield();
        }
    }

    /// <returns>Whether it was open; null when it had ended already.</returns>
    private async Task<bool?> EndAsync(Session session)
    {
        var open = session.Attachment;

        // First, so that the events say why the session is closed. One that ends with its connection may end by itself now.
        open?.Connection.Close(Order);
        var end = session.End(SessionEndReason.Administrative);
        if (!end.Ended)
        {
            return open is null ? null : true;
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
            end.Attachment?.Connection.Close(Order);

            // Not in the turn of its identity: the operator would wait for what is to be stopped.
            await sessions.HandOnAsync(end, session.Account, inTurn: false).ConfigureAwait(false);
            await publisher.PublishAsync(end.Will, session.Account, session, inTurn: false).ConfigureAwait(false);
            var will = end.Attachment?.TakeWillWhenDisplaced(ended: true);
            await publisher.PublishAsync(will, session.Account, session, inTurn: false).ConfigureAwait(false);
        }

        return open is not null || end.Attachment is not null;
    }
}
