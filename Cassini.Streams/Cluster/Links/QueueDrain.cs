using Cassini.Streams.Broker.Delivery;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Sessions;
using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Cluster.Links;

/// <summary>Sends a peer that is back what was kept for it, in its order and before anything newer for the same sessions.</summary>
/// <param name="time">The one clock.</param>
internal sealed class QueueDrain(TimeProvider time)
{
    /// <summary>Twice as many messages are sent before the first is acknowledged: while half of them are stored the others come.</summary>
    private const int HalfAWindow = 512;

    /// <summary>How often the peer is asked what it has got already.</summary>
    private const int AsksAtMost = 30;

    /// <summary>Sends a message on a link; false when that is over.</summary>
    private delegate bool Sender(LinkSender link, ref Publication message, QualityOfService qos, FlushSet flushes);

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
                var isSent = await SendAsync(queue, link, moved => TrySend(peer, queue, moved, link, audience), Drop, cancellationToken)
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

        void Drop((long Frame, long Sequence) acknowledged) => peer.Drop(link.Number, acknowledged.Frame);
    }

    /// <summary>Sends sessions that have moved to a peer what is kept for them in the queue of another node. It stays there.</summary>
    /// <param name="peer">The peer.</param>
    /// <param name="link">Where it is sent.</param>
    /// <param name="moved">The sessions.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Whether all of it was sent, and is stored there.</returns>
    public async Task<bool> PassAsync(ClusterPeer peer, LinkSender link, MovedClients moved, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested && !link.IsOver)
        {
            try
            {
                link.Address(Addressing.Only, moved.Clients);
                var isSent = await SendAsync(moved.Queue, link, TryPass, one => moved.Passed = one.Sequence, cancellationToken)
                    .ConfigureAwait(false);
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
            || one.Message.Message.IsExpired(time.GetTimestamp()) || TrySend(moved.Queue, one, peer.TryPass, link);
    }

    /// <summary>What it has got already is not sent again.</summary>
    private async Task SettleAsync(ClusterPeer peer, LinkSender link, Action<ulong> ask, CancellationToken cancellationToken)
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
    /// <param name="acknowledged">Called with the last that is stored there: its frame, and its sequence number.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>False when the link is over.</returns>
    private static async Task<bool> SendAsync(
        NodeQueue queue, LinkSender link, Func<MovedMessage, bool> trySend, Action<(long Frame, long Sequence)> acknowledged,
        CancellationToken cancellationToken)
    {
        var sent = 0;
        var olderHalf = (Frame: 0L, Sequence: 0L);
        var last = 0L;
        try
        {
            await foreach (var moved in queue.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                if (!trySend(moved))
                {
                    return false;
                }

                last = moved.Message.Sequence;
                if (++sent % HalfAWindow == 0)
                {
                    var newerHalf = (link.LastSure, last);
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
            await IsAcknowledgedAsync((link.LastSure, last)).ConfigureAwait(false);
            throw;
        }
        finally
        {
            // Whatever ends it: others wait for a flush of what it left.
            link.Flush(inline: false);
        }

        return await IsAcknowledgedAsync((link.LastSure, last)).ConfigureAwait(false);

        async Task<bool> IsAcknowledgedAsync((long Frame, long Sequence) upTo)
        {
            link.Flush(inline: false);
            await link.Acknowledged.WhenReachedAsync(upTo.Frame, cancellationToken).ConfigureAwait(false);
            if (link.IsOver)
            {
                return false;
            }

            acknowledged(upTo);
            return true;
        }
    }

    private bool TrySend(ClusterPeer peer, NodeQueue queue, in MovedMessage moved, LinkSender link, DrainAudience audience)
    {
        var sequence = moved.Message.Sequence;
        if (moved.Message.Message.IsExpired(time.GetTimestamp()))
        {
            return peer.TrySkip(link, sequence);
        }

        audience.Name(sequence);
        return TrySend(
            queue, moved, (LinkSender to, ref Publication message, QualityOfService qos, FlushSet flushes) =>
                peer.TrySend(to, sequence, ref message, qos, flushes), link);
    }

    private bool TrySend(NodeQueue queue, in MovedMessage moved, Sender send, LinkSender link)
    {
        var flushes = new FlushSet();
        var awaited = AwaitList.TakeNoted();
        var origin = queue.OriginOf(moved.Message.Sequence);
        var message = Publication.Of(moved.Message.Message, queue.Account, time.GetTimestamp(), time, origin);
        var isSent = send(link, ref message, moved.Message.QoS, flushes);
        AwaitList.TakeNoted();
        AwaitList.PutBack(awaited);
        return isSent;
    }
}
