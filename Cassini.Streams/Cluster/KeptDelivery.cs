using System.Collections.Immutable;
using Cassini.Streams.Broker;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Cluster.Interest;
using Cassini.Streams.Cluster.Links;

namespace Cassini.Streams.Cluster;

/// <summary>
/// Sends what is kept for peers that were gone: to each when it is back, and to those that have their sessions by then. For the lock of its
/// node; it goes on in the background.
/// </summary>
/// <param name="self">This node.</param>
/// <param name="options">The fleet.</param>
/// <param name="broker">Keeps it.</param>
/// <param name="durability">How far its store is.</param>
/// <param name="sender">Says to peers what this node has to say.</param>
/// <param name="kept">Where the sessions are.</param>
/// <param name="find">Finds a peer by its name.</param>
/// <param name="hasJoined">Whether this node has joined.</param>
/// <param name="nodeLock">The lock of the node.</param>
/// <param name="tasks">Owns what goes on in the background.</param>
/// <param name="time">The one clock.</param>
internal sealed class KeptDelivery(
    NodeRun self, ClusterOptions options, MqttBroker broker, Durability durability, ControlSender sender, KeptClients kept,
    Func<string, PeerNode?> find, Func<bool> hasJoined, NodeLock nodeLock, NodeTasks tasks, TimeProvider time)
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    private readonly QueueDrain _drain = new(time);

    /// <summary>A peer is back for which something is kept. When that is being sent already, nothing happens.</summary>
    /// <param name="peer">The peer.</param>
    /// <param name="link">The link to it.</param>
    public void Begin(PeerNode peer, LinkSender link)
    {
        if (peer.Draining != link)
        {
            peer.Draining = link;
            tasks.Add(DrainAsync(peer, link));
        }
    }

    /// <summary>
    /// A peer says what it wants, and that does not hold yet. When sessions have moved there that something is kept for, they get that
    /// first.
    /// </summary>
    public void Expect(PeerNode peer, InterestDelta said)
    {
        if (said.From > peer.Interest.Version)
        {
            // Something before it is missing: the peer is asked for all.
            return;
        }

        if (said.From == 0)
        {
            Retain(peer, said.Claims);
        }

        var moved = kept.MovedTo(peer, said.Claims);

        // One that was there all the while gets no session without the mark of this node.
        var mayMove = said.From == 0 && kept.MayMoveTo(peer, said.Claims);
        if ((moved.Count == 0 && !mayMove) || peer.Subscriber.Link is not { } link)
        {
            return;
        }

        var wanted = said.Wanted.Where(one => one.Class == FilterClass.Kept).Select(one => one.Filter);
        var topics = said.Topics.Where(one => one.Mark == WantedTopic.MarkOf(FilterClass.Kept)).Select(one => one.Hash);
        var queue = broker.Sessions.OpenQueue(
            peer.Name, [.. wanted, .. peer.Interest.KeptFilters], [.. topics, .. peer.Interest.KeptTopics], []);
        ImmutableArray<ulong> late = [.. moved.SelectMany(one => one.Clients).Where(client => queue?.Clients.Contains(client) is false)];
        if (queue is not null)
        {
            peer.Subscriber.Hold(queue, late);
        }

        peer.Moved.AddRange(
            from one in moved
            from some in one.Clients.GroupBy(peer.Subscriber.KeptSince)
            select new MovedClients(one.Queue, [.. some], queue is null ? null : (queue, some.Key)));
        Begin(peer, link);
    }

    /// <summary>A peer says anew which sessions it has: while it was not heard, some may have gone on to another node.</summary>
    private static void Retain(PeerNode peer, IEnumerable<ClientClaim> claims)
    {
        var those = claims.Where(KeptClients.HasMoved).Select(claim => claim.Client).ToHashSet();
        peer.Moved.ForEach(moved => moved.Retain(those));
        peer.Moved.RemoveAll(moved => moved.Clients.IsEmpty);
    }

    /// <summary>Nothing is kept for a peer any more.</summary>
    public void EndQueue(string node)
    {
        if (broker.Sessions.FindQueue(node) is { } queue)
        {
            broker.Sessions.EndQueue(queue);
        }
    }

    /// <summary>
    /// Sends a peer that is back what was kept for it, and for those of its sessions that were on another node then: as soon as it is known
    /// which these are.
    /// </summary>
    private async Task DrainAsync(PeerNode peer, LinkSender link)
    {
        // Not under the lock of whoever calls.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        do
        {
            if (!await HoldsAsync(link, waited => peer.IsKnown && hasJoined() && IsAwaited(waited)).ConfigureAwait(false)
                || !await PassAllAsync().ConfigureAwait(false)
                || (HasQueue() && !await _drain.RunAsync(peer.Subscriber, link, AskFor, durability.Closed).ConfigureAwait(false)))
            {
                return;
            }
        }
        while (!IsDrained());

        async Task<bool> PassAllAsync()
        {
            while (await PassAsync(peer, link, AskFor).ConfigureAwait(false)
                && await HoldsAsync(link, waited => peer.Moved.Count > 0 || IsDecided(waited)).ConfigureAwait(false))
            {
                using (nodeLock.Enter())
                {
                    if (peer.Moved.Count == 0)
                    {
                        return true;
                    }
                }
            }

            return false;
        }

        bool IsDecided(TimeSpan waited) => broker.Sessions.FindQueue(peer.Name) is not { } queue
            || (kept.AreFound(peer, queue, waited)
                && (waited > options.DeadAfter || !kept.MayMoveTo(peer, [.. peer.Interest.Clients.Values])));

        // One that does not say it, as an earlier version, is not waited for longer than a session can be on its way.
        bool IsAwaited(TimeSpan waited)
        {
            if (peer.AwaitsQueue || waited > 3 * options.TakeOverPatience)
            {
                return true;
            }

            sender.Tell(peer.Name, new QueueAsked(self.Node, self.Epoch, peer.Epoch, link.Number));
            return false;
        }

        bool IsDrained()
        {
            using (nodeLock.Enter())
            {
                // It may be lost again already, or something more may have been found.
                if (peer.Subscriber.Queue is not null || peer.Moved.Count > 0)
                {
                    return false;
                }

                EndQueue(peer.Name);
                Unpin(peer);
                peer.Draining = null;
                return true;
            }
        }

        // There may be no place for it: then nothing holds back what is published.
        bool HasQueue() => peer.Subscriber.Queue is not null;

        void AskFor(ulong over) => Ask(peer, over);
    }

    private void Ask(PeerNode peer, ulong over) => sender.Tell(peer.Name, new LinkAsked(self.Node, self.Epoch, peer.Epoch, over));

    /// <summary>It gets what it wants, and no more.</summary>
    private void Unpin(PeerNode peer)
    {
        if (!peer.Interest.Pinned.IsEmpty)
        {
            peer.Interest.Pinned.Set([], []);
            sender.AskForInterest(peer.Name);
        }
    }

    /// <summary>Passes on what is kept for other nodes and for sessions that have moved to a peer.</summary>
    /// <returns>False when the link is over.</returns>
    private async Task<bool> PassAsync(PeerNode peer, LinkSender link, Action<ulong> ask)
    {
        while (Next() is { } moved)
        {
            await SettleAsync(moved.Queue.Node).ConfigureAwait(false);

            // What is being published now may be in one of the two queues, and not in the other one yet.
            await broker.WhenPublishedAsync().ConfigureAwait(false);
            using (nodeLock.Enter())
            {
                moved.Begin();
            }

            if (!await _drain.PassAsync(peer.Subscriber, link, moved, ask, durability.Closed).ConfigureAwait(false))
            {
                return false;
            }

            using (nodeLock.Enter())
            {
                moved.Queue.RemoveClients(moved.Clients);
                peer.Moved.Remove(moved);
            }
        }

        return !link.IsOver;

        // What that node has got on a link that is over has moved with the sessions.
        async Task SettleAsync(string node)
        {
            (PeerNode Peer, LinkSender Link)? there;
            using (nodeLock.Enter())
            {
                there = find(node) is { Subscriber.Link: { } open } found ? (found, open) : null;
            }

            if (there is var (before, itsLink))
            {
                await _drain.SettleAsync(before.Subscriber, itsLink, over => Ask(before, over), durability.Closed).ConfigureAwait(false);
            }
        }

        MovedClients? Next()
        {
            using (nodeLock.Enter())
            {
                return peer.Moved.FirstOrDefault();
            }
        }
    }

    /// <summary>Waits until something holds.</summary>
    /// <param name="link">As long as this link is not over.</param>
    /// <param name="condition">Under the lock: whether it holds, after so long a time.</param>
    /// <returns>Whether it does.</returns>
    private async Task<bool> HoldsAsync(LinkSender link, Func<TimeSpan, bool> condition)
    {
        var began = time.GetTimestamp();
        var pause = ShortestPause;
        while (!link.IsOver && !durability.Closed.IsCancellationRequested)
        {
            using (nodeLock.Enter())
            {
                if (condition(time.GetElapsedTime(began)))
                {
                    return true;
                }
            }

            await Task.Delay(pause, time, durability.Closed).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }

        return false;
    }
}
