using Cassini.Streams.Broker.Delivery;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Sessions;

namespace Cassini.Streams.Cluster.Links;

/// <summary>Sends a peer that is back what was kept for it, in its order and before anything newer for the same sessions.</summary>
/// <param name="time">The one clock.</param>
internal sealed class QueueDrain(TimeProvider time)
{
    /// <summary>Twice as many messages are sent before the first is acknowledged: while half of them are stored the others come.</summary>
    private const int HalfAWindow = 512;

    /// <summary>How often the peer is asked what it has got already.</summary>
    private const int AsksAtMost = 30;

    /// <summary>How long it waits for a store that cannot be read.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Sends all of it. What cannot be sent on this link is sent on the next one.</summary>
    /// <param name="peer">The peer.</param>
    /// <param name="link">Where it is sent.</param>
    /// <param name="ask">Asks the peer how far it got on a link that is over: <see cref="ClusterPeer.Settle"/> has the answer.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Whether all of it was sent.</returns>
    public async Task<bool> RunAsync(ClusterPeer peer, LinkSender link, Action<ulong> ask, CancellationToken cancellationToken)
    {
        // Not under the lock of whoever calls.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        await SettleAsync(peer, link, ask, cancellationToken).ConfigureAwait(false);
        while (!cancellationToken.IsCancellationRequested && peer.Queue is { } queue && !link.IsOver)
        {
            try
            {
                var audience = new DrainAudience(peer, link);
                var isSent = await SendAsync(queue, link, one => TrySend(peer, queue, one, link, audience), Drop, cancellationToken)
                    .ConfigureAwait(false);
                audience.End();
                if (isSent && peer.TryOpen(link))
                {
                    return true;
                }
            }
            catch (IOException)
            {
                // Health tells it. What was kept stays where it is, and is tried again.
                await Task.Delay(Pause, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException)
            {
                // The store is closed: the next start finds what is left.
                return false;
            }
        }

        return false;

        void Drop(long acknowledged) => peer.Drop(link.Number, acknowledged);
    }

    /// <summary>Sends sessions that have moved to a peer what is kept for them in the queue of another node. It stays there.</summary>
    /// <param name="peer">The peer.</param>
    /// <param name="link">Where it is sent.</param>
    /// <param name="moved">The sessions. What they have got already, on a link before, is not sent again.</param>
    /// <param name="ask">Asks the peer how far it got on a link that is over.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Whether all of it was sent, and is stored there.</returns>
    public async Task<bool> PassAsync(
        ClusterPeer peer, LinkSender link, MovedClients moved, Action<ulong> ask, CancellationToken cancellationToken)
    {
        await SettleAsync(peer, link, ask, cancellationToken).ConfigureAwait(false);
        while (!cancellationToken.IsCancellationRequested && !link.IsOver)
        {
            try
            {
                link.Address(Addressing.Only, moved.Clients);
                var isSent = await SendAsync(moved.Queue, link, TryPass, Drop, cancellationToken).ConfigureAwait(false);
                link.Address(Addressing.Everyone, []);
                return isSent;
            }
            catch (IOException)
            {
                await Task.Delay(Pause, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException)
            {
                return false;
            }
        }

        return false;

        bool TryPass(MovedMessage one) => !moved.Wants(one.Message.Sequence)
            || one.Message.Message.IsExpired(time.GetTimestamp()) || TrySend(peer, moved.Queue, one, link, moved);

        void Drop(long acknowledged) => peer.Drop(link.Number, acknowledged);
    }

    /// <summary>A peer is asked what it has got on links that are over: that is not kept any more.</summary>
    /// <param name="peer">The peer.</param>
    /// <param name="link">The link that it has now: when that is over it is asked no more.</param>
    /// <param name="ask">Asks the peer how far it got on a link that is over.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task SettleAsync(ClusterPeer peer, LinkSender link, Action<ulong> ask, CancellationToken cancellationToken)
    {
        for (var i = 0; i < AsksAtMost && peer.Unsettled is { } over && !link.IsOver; i++)
        {
            var settled = peer.WhenSettled;
            ask(over);
            await settled.WaitAsync(Pause, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (cancellationToken.IsCancellationRequested)
            {
                return;
            }
        }

        // It does not say: better twice than never.
        peer.Unsettle(link);
    }

    /// <param name="queue">What is kept.</param>
    /// <param name="link">Where it is sent.</param>
    /// <param name="trySend">Sends one of it; false when the link is over.</param>
    /// <param name="acknowledged">Called with the number of the last frame that is stored there.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>False when the link is over.</returns>
    private static async Task<bool> SendAsync(
        NodeQueue queue, LinkSender link, Func<MovedMessage, bool> trySend, Action<long> acknowledged, CancellationToken cancellationToken)
    {
        var sent = 0;
        var olderHalf = 0L;
        try
        {
            await foreach (var one in queue.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                if (!trySend(one))
                {
                    return false;
                }

                if (++sent % HalfAWindow == 0)
                {
                    var newerHalf = link.LastSure;
                    if (!await IsAcknowledgedAsync(olderHalf).ConfigureAwait(false))
                    {
                        return false;
                    }

                    olderHalf = newerHalf;
                }

                // Few of them may be large.
                await link.Acknowledged.WhenReachedAsync(link.Acknowledged.Room, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (IOException)
        {
            // What was sent before the store failed is not sent once more.
            await IsAcknowledgedAsync(link.LastSure).ConfigureAwait(false);
            throw;
        }
        finally
        {
            // Whatever ends it: others wait for a flush of what it left.
            link.Flush(inline: false);
        }

        return await IsAcknowledgedAsync(link.LastSure).ConfigureAwait(false);

        async Task<bool> IsAcknowledgedAsync(long frame)
        {
            link.Flush(inline: false);
            await link.Acknowledged.WhenReachedAsync(frame, cancellationToken).ConfigureAwait(false);
            if (link.IsOver)
            {
                return false;
            }

            acknowledged(frame);
            return true;
        }
    }

    private bool TrySend(ClusterPeer peer, NodeQueue queue, in MovedMessage one, LinkSender link, DrainAudience audience)
    {
        var sequence = one.Message.Sequence;
        if (one.Message.Message.IsExpired(time.GetTimestamp()))
        {
            return peer.TrySkip(link, sequence);
        }

        audience.Name(sequence);
        return TrySend(peer, queue, one, link, moved: null);
    }

    private bool TrySend(ClusterPeer peer, NodeQueue queue, in MovedMessage one, LinkSender link, MovedClients? moved)
    {
        var flushes = new FlushSet();
        var awaited = AwaitList.TakeNoted();
        var stored = one.Message;
        var message = Publication.Of(stored.Message, queue.Account, time.GetTimestamp(), time, queue.OriginOf(stored.Sequence));
        var isSent = peer.TrySend(link, stored.Sequence, moved, ref message, stored.QoS, flushes);
        AwaitList.TakeNoted();
        AwaitList.PutBack(awaited);
        return isSent;
    }
}
