using Cassini.Streams.Broker.Delivery;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Primitives;
using Cassini.Streams.Quotas;

namespace Cassini.Streams.Broker.Sessions;

/// <summary>
/// When the session of a member of a shared subscription ends, other members get the messages that it had not finished (MQTT 5.0 §4.8.2).
/// Thread-safe.
/// </summary>
/// <remarks>
/// The store keeps such a session until that is done. Each slice becomes durable together with the end of its messages in that session: so
/// a crash neither loses nor doubles one, and the session that is found after it has what was not handed on.
/// </remarks>
/// <param name="shares">Who gets them.</param>
/// <param name="store">The store.</param>
/// <param name="accounts">Who pays for the work.</param>
/// <param name="counters">What is counted.</param>
/// <param name="time">The clock.</param>
/// <param name="failed">Called when what goes on in the background fails.</param>
internal sealed class ShareHandOver(
    ShareRouter shares, IBrokerStore store, AccountTable accounts, BrokerCounters counters, TimeProvider time, Action<Exception> failed)
{
    /// <summary>The steps of one message.</summary>
    private const int Steps = 8;

    /// <summary>About how much of what is in the store alone is in memory at once.</summary>
    private const int BytesReadAtOnce = 1 << 20;

    /// <summary>How long it waits for a store that keeps nothing new.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Delivers each message to the member whose turn it is, in slices. Without members they are lost. Not under a lock. What must be read
    /// from the store follows in the background.
    /// </summary>
    /// <param name="end">The end of the member's session, with what it had not finished.</param>
    /// <param name="account">The account of the member's identity, whose work it is.</param>
    /// <param name="work">Runs the slices.</param>
    /// <param name="inTurn">Whether it waits for the turn of that identity.</param>
    public async ValueTask HandOnAsync(SessionEnd end, Account account, IdentityWork work, bool inTurn)
    {
        try
        {
            await HandOnAsync(end.Unfinished.Waiting, end.Store, account, work, inTurn).ConfigureAwait(false);
        }
        finally
        {
            if (end.Unfinished.Stored is not null)
            {
                TaskObserver.Observe(HandOnStoredAsync(end.Unfinished, end.Store!, accounts.Open(account), work), failed);
            }
            else
            {
                end.Store?.End();
            }
        }
    }

    /// <remarks>
    /// Until the store is closed while the disk fails, or has no room for the copies of others: what is left stays where it is.
    /// </remarks>
    private async Task HandOnStoredAsync(LeftMessages unfinished, ISessionStore from, Account account, IdentityWork work)
    {
        var closed = store.Durability.Closed;
        try
        {
            for (var stored = unfinished.Stored!; stored.Count > 0;)
            {
                await store.Durability.WhenReachedAsync(store.Durability.Room, closed).ConfigureAwait(false);
                while (store.Refusal is not null)
                {
                    await Task.Delay(Pause, time, closed).ConfigureAwait(false);
                }

                var next = stored.Take(0, BytesReadAtOnce);
                var read = await from.ReadAsync(() => next, int.MaxValue, closed).ConfigureAwait(false);
                var shared = read.Where(queued => queued.Share is not null).ToList();
                await HandOnAsync(shared, from, account, work, inTurn: true).ConfigureAwait(false);
                Array.ForEach(next, copy => stored.Remove(copy.Sequence));
            }

            await HandOnAsync(unfinished.Last, from, account, work, inTurn: true).ConfigureAwait(false);
            from.End();
        }
        catch (OperationCanceledException)
        {
            // The broker stops: the next start finds what is left.
        }
        finally
        {
            accounts.Close(account);
        }
    }

    private async ValueTask HandOnAsync(
        IReadOnlyCollection<QueuedMessage> unfinished, ISessionStore? from, Account account, IdentityWork work, bool inTurn)
    {
        var next = 0;
        QueuedMessage[] all = [.. unfinished];
        if (all.Length > 0)
        {
            await work.RunAsync(account, () => HandOn(all, from, account, ref next), inTurn).ConfigureAwait(false);
        }
    }

    /// <summary>The same for a session that had ended when the broker did. Before the first connection.</summary>
    public ValueTask HandOnAsync(SessionState over, Account account, IdentityWork work)
    {
        QueuedMessage[] sent = [.. over.Messages.Where(one => one.State != DeliveryState.Done).Select(one => one.Message)];
        QueuedMessage[] waiting = [.. over.Messages.Where(one => one.State == DeliveryState.Done).Select(one => one.Message)];
        var unfinished = new LeftMessages(sent, waiting, over.Backlog, []).OfShares();
        return HandOnAsync(SessionEnd.None with { Unfinished = unfinished, Store = over.Store }, account, work, inTurn: false);
    }

    /// <returns>Whether there are more.</returns>
    private bool HandOn(QueuedMessage[] unfinished, ISessionStore? from, Account account, ref int next)
    {
        using var unit = from is null ? default : store.BeginUnit();
        var flushes = new FlushSet();
        var awaited = AwaitList.TakeNoted();
        var now = time.GetTimestamp();
        var slice = new WorkSlice(time);
        for (; next < unfinished.Length && !slice.IsOver; slice.Take(Steps, flushes))
        {
            var queued = unfinished[next++];
            if (queued.Message.IsExpired(now))
            {
                counters.AddExpired();
            }
            else
            {
                var message = Publication.Of(queued.Message, account, now, time);
                shares.HandOn(ref message, queued.Share!, flushes);
            }

            from?.DeleteMessage(queued.Sequence);
        }

        // Nobody's answer waits for it.
        AwaitList.TakeNoted();
        AwaitList.PutBack(awaited);
        flushes.Flush(inline: false);
        return next < unfinished.Length;
    }

    /// <summary>Delivers a message whose turn a member had that has ended at the same time. Not under a lock.</summary>
    public void HandOn(ref Publication message, string share, FlushSet flushes) => shares.HandOn(ref message, share, flushes);
}
