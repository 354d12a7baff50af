using Cassini.Streams.Broker.Delivery;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Sessions;

namespace Cassini.Streams.Cluster.Links;

/// <summary>Sends a peer that is back what was kept for it, in its order and before anything newer for the same sessions.</summary>
/// <param name="time">The one clock.</param>
internal sealed class QueueDrain(TimeProvider time)
{
    /// <summary>How many messages are sent before they are acknowledged.</summary>
    private const int AtOnce = 256;

    /// <summary>How long it waits for a store that cannot be read.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Sends all of it. What cannot be sent on this link is sent on the next one.</summary>
    /// <param name="peer">The peer.</param>
    /// <param name="link">Where it is sent.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Whether all of it was sent.</returns>
    public async Task<bool> RunAsync(ClusterPeer peer, LinkSender link, CancellationToken cancellationToken)
    {
        // Not under the lock of whoever calls.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        while (peer.Queue is { } queue && !link.IsOver)
        {
            try
            {
                if (await SendAsync(queue, link, cancellationToken).ConfigureAwait(false) && peer.TryOpen(link))
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

    /// <returns>False when the link is over.</returns>
    private async Task<bool> SendAsync(NodeQueue queue, LinkSender link, CancellationToken cancellationToken)
    {
        var (sent, last) = (0, 0L);
        try
        {
            await foreach (var moved in queue.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                if (!TrySend(queue, moved, link))
                {
                    return false;
                }

                last = moved.Message.Sequence;
                if (++sent % AtOnce == 0 && !await SettleAsync(queue, link, last, cancellationToken).ConfigureAwait(false))
                {
                    return false;
                }
            }
        }
        catch (IOException)
        {
            // What was sent before the store failed is not sent once more.
            await SettleAsync(queue, link, last, cancellationToken).ConfigureAwait(false);
            throw;
        }
        finally
        {
            // Whatever ends it: others wait for a flush of what it left.
            link.Flush(inline: false);
        }

        return await SettleAsync(queue, link, last, cancellationToken).ConfigureAwait(false);
    }

    private bool TrySend(NodeQueue queue, in MovedMessage moved, LinkSender link)
    {
        var now = time.GetTimestamp();
        if (moved.Message.Message.IsExpired(now))
        {
            return true;
        }

        var flushes = new FlushSet();
        var awaited = AwaitList.TakeNoted();
        var message = Publication.Of(moved.Message.Message, queue.Account, now, time);
        var isSent = link.TryAdd(ref message, moved.Message.QoS, Audience.Keepers, flushes);
        AwaitList.TakeNoted();
        AwaitList.PutBack(awaited);
        return isSent;
    }

    /// <summary>Waits until the peer has stored what was sent, and drops it here.</summary>
    /// <returns>False when the link is over.</returns>
    private static async Task<bool> SettleAsync(NodeQueue queue, LinkSender link, long last, CancellationToken cancellationToken)
    {
        link.Flush(inline: false);
        await link.Acknowledged.WhenReachedAsync(link.LastSure, cancellationToken).ConfigureAwait(false);
        if (link.IsOver)
        {
            return false;
        }

        queue.RemoveUpTo(last);
        return true;
    }
}
