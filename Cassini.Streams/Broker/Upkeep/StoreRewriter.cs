using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Broker.Sessions;

namespace Cassini.Streams.Broker.Upkeep;

/// <summary>Writes everything that lives to the store once more when most of what that holds is dead: then it drops the rest.</summary>
internal sealed class StoreRewriter(IBrokerStore store, SessionTable sessions, RetainedMessages retained, TimeProvider time)
{
    /// <summary>About what a session takes in the store, beside its messages.</summary>
    private const int CostOfSession = 256;

    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    /// <summary>Looks once a second whether it is time. Run it under a supervisor until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await Task.Delay(Period, time, cancellationToken).ConfigureAwait(false);
            if (store.WantsRewrite(MostLive))
            {
                await RewriteAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>About how many bytes live. A message counts for each that holds it: too much rather than too little.</summary>
    private long MostLive => sessions.All.Sum(session => CostOfSession + session.Deliveries.StoredBytes) + retained.Bytes
        + retained.MarkBytes;

    /// <summary>Writes everything once more, and has the rest dropped.</summary>
    public async ValueTask RewriteAsync(CancellationToken cancellationToken)
    {
        var pieces = new Pieces(time);
        store.BeginRewrite();
        foreach (var session in sessions.All)
        {
            var records = session.Rewrite();
            await pieces.TakeAsync(1 + records).ConfigureAwait(false);
            await WaitForRoomAsync(cancellationToken).ConfigureAwait(false);
            if (records > 0)
            {
                await session.Deliveries.RewriteStoredAsync(cancellationToken).ConfigureAwait(false);
            }
        }

        for (var search = retained.SearchAll(); retained.RewriteSome(search) is > 0 and var records;)
        {
            await pieces.TakeAsync(records).ConfigureAwait(false);
            await WaitForRoomAsync(cancellationToken).ConfigureAwait(false);
        }

        foreach (var some in retained.BeginRewriteOfMarks())
        {
            retained.RewriteMarks(some);
            await pieces.TakeAsync(some.Length).ConfigureAwait(false);
            await WaitForRoomAsync(cancellationToken).ConfigureAwait(false);
        }

        await store.EndRewriteAsync(cancellationToken).ConfigureAwait(false);
    }

    private Task WaitForRoomAsync(CancellationToken cancellationToken) =>
        store.Durability.WhenReachedAsync(store.Durability.Room, cancellationToken);
}
