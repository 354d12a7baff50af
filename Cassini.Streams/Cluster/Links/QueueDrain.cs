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
                if (await SendAsync(peer, queue, link, cancellationToken).ConfigureAwait(false) && peer.TryOpen(link))
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

    /// <returns>False when the link is over.</returns>
    private async Task<bool> SendAsync(ClusterPeer peer, NodeQueue queue, LinkSender link, CancellationToken cancellationToken)
    {
        var sent = 0;
        var olderHalf = 0L;
        try
        {
            await foreach (var moved in queue.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                if (!TrySend(peer, queue, moved, link))
                {
                    return false;
                }

                if (++sent % HalfAWindow == 0)
                {
                    var newerHalf = link.LastSure;
                    if (!await AcknowledgedAsync(peer, link, olderHalf, cancellationToken).ConfigureAwait(false))
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
            await AllAcknowledgedAsync(peer, link, cancellationToken).ConfigureAwait(false);
            throw;
        }
        finally
        {
            // Whatever ends it: others wait for a flush of what it left.
            link.Flush(inline: false);
        }

        return await AllAcknowledgedAsync(peer, link, cancellationToken).ConfigureAwait(false);
    }

    private bool TrySend(ClusterPeer peer, NodeQueue queue, in MovedMessage moved, LinkSender link)
    {
        var now = time.GetTimestamp();
        if (moved.Message.Message.IsExpired(now))
        {
            return peer.TrySkip(link, moved.Message.Sequence);
        }

        var flushes = new FlushSet();
        var awaited = AwaitList.TakeNoted();
        var message = Publication.Of(moved.Message.Message, queue.Account, now, time);
        var isSent = peer.TrySend(link, moved.Message.Sequence, ref message, moved.Message.QoS, flushes);
        AwaitList.TakeNoted();
        AwaitList.PutBack(awaited);
        return isSent;
    }

    /// <inheritdoc cref="AcknowledgedAsync"/>
    private static Task<bool> AllAcknowledgedAsync(ClusterPeer peer, LinkSender link, CancellationToken cancellationToken) =>
        AcknowledgedAsync(peer, link, link.LastSure, cancellationToken);

    /// <summary>Waits until the peer has stored what was sent up to a frame, and drops it here.</summary>
    /// <returns>False when the link is over.</returns>
    private static async Task<bool> AcknowledgedAsync(
        ClusterPeer peer, LinkSender link, long upTo, CancellationToken cancellationToken)
    {
        link.Flush(inline: false);
        await link.Acknowledged.WhenReachedAsync(upTo, cancellationToken).ConfigureAwait(false);
        if (link.IsOver)
        {
            return false;
        }

        peer.Drop(link.Number, upTo);
        return true;
    }
}
