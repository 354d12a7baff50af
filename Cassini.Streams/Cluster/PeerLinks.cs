using Cassini.Streams.Broker;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Cluster.Links;

namespace Cassini.Streams.Cluster;

/// <summary>
/// Opens links to peers and gives them up. While a peer has none, what its sessions must not miss is kept for it. For the lock of its node.
/// </summary>
/// <param name="self">This node.</param>
/// <param name="options">The fleet.</param>
/// <param name="peers">Makes links.</param>
/// <param name="broker">Keeps what is for peers that are gone.</param>
/// <param name="durability">How far its store is.</param>
/// <param name="sender">Says to peers what this node has to say.</param>
/// <param name="kept">Where the sessions are that something is kept for.</param>
/// <param name="delivery">Sends it to them.</param>
/// <param name="tasks">Owns what goes on in the background.</param>
/// <param name="time">The one clock.</param>
internal sealed class PeerLinks(
    NodeRun self, ClusterOptions options, PeerFactory peers, MqttBroker broker, Durability durability, ControlSender sender,
    KeptClients kept, KeptDelivery delivery, NodeTasks tasks, TimeProvider time)
{
    /// <summary>A peer is there, or there again: it gets a link, and what was kept for it.</summary>
    public void Open(PeerNode peer)
    {
        if (peer.Subscriber.Link is { } open)
        {
            open.Look(isBack: true);
            return;
        }

        var link = peers.MakeLink(peer.Name);
        peer.Receiver.Sender = link;
        peer.Subscriber.Connect(link);
        peer.OpenedAt = time.GetTimestamp();
        peer.Confirmed = 0;
        peer.IsWithoutQueue = false;
        if (peer.Subscriber.Queue is not null)
        {
            delivery.Begin(peer, link);
        }
    }

    /// <summary>Nobody waits for a peer, and nothing is sent to it. What its sessions must not miss is kept for it.</summary>
    /// <param name="peer">The peer.</param>
    /// <param name="isStopping">Whether this node stops: what is on the way is kept then, and nothing more will be.</param>
    public void Close(PeerNode peer, bool isStopping = false)
    {
        peer.Receiver.Sender = null;
        if (peer.Subscriber.Link is null)
        {
            return;
        }

        peer.Interest.Leave();
        peer.Lose(time.GetTimestamp());

        var isForIt = peer.Interest.KeepsAny && !(isStopping && peer.Subscriber is { Queue: null, Link.IsSettled: true });
        var queue = isForIt
            ? broker.Sessions.OpenQueue(peer.Name, peer.Interest.KeptFilters, peer.Interest.KeptTopics, kept.Of(peer))
            : null;
        peer.IsWithoutQueue = isForIt && queue is null;
        peer.Interest.Pinned.Set(queue?.Filters ?? [], queue?.Topics ?? []);
        var (link, ticket, elsewhere) = peer.Subscriber.Lose(queue, broker.Topics, time);
        if (link is not null)
        {
            tasks.Add(ReleaseAsync(link, ticket, elsewhere));
        }
    }

    /// <summary>Gives up a link for another one: what was not acknowledged is kept, and sent to where its sessions are.</summary>
    public void Renew(PeerNode peer)
    {
        Close(peer);
        Open(peer);
        sender.AskForInterest(peer.Name);
    }

    /// <summary>
    /// Time has passed: a link that the peer has forgotten, as an operator may have it do, is given up for another one. So is one on which
    /// the peer takes nothing, although it is heard: publishers wait no longer for it than for one that is gone.
    /// </summary>
    public void Look(PeerNode peer)
    {
        if (peer.Subscriber.Link is { } stalled && stalled.Stalled >= options.LooksUntilDead)
        {
            Renew(peer);
            peer.Subscriber.Link?.Doubt();
            return;
        }

        if (peer.Subscriber.Link is not { IsBroken: true })
        {
            return;
        }

        var link = peers.MakeLink(peer.Name);
        if (peer.Subscriber.TryRenew(link) is { } over)
        {
            peer.Receiver.Sender = link;
            tasks.Add(ReleaseAsync(over, link));
        }
        else
        {
            Renew(peer);
        }
    }

    /// <summary>A peer asks how far this node got on a link that the peer has given up.</summary>
    public void Answer(PeerNode peer, ulong link) => tasks.Add(AnswerAsync(peer, link));

    private async Task AnswerAsync(PeerNode peer, ulong link)
    {
        try
        {
            var received = await peer.Receiver.CloseAsync(link).ConfigureAwait(false);
            sender.Tell(peer.Name, new LinkAnswered(self.Node, self.Epoch, peer.Epoch, link, received));
        }
        catch (OperationCanceledException)
        {
            // The store is closed: the next run is asked.
        }
    }

    /// <summary>Publishers that wait for a link which was replaced wait for the new one.</summary>
    private async Task ReleaseAsync(LinkSender over, LinkSender link)
    {
        await link.Acknowledged.WhenReachedAsync(link.LastSure, durability.Closed).ConfigureAwait(false);
        over.Release();
    }

    /// <summary>What waits for a peer waits for the store of this node now, and for other peers that have it instead.</summary>
    private async Task ReleaseAsync(LinkSender link, long ticket, AwaitList? elsewhere)
    {
        if (elsewhere is not null)
        {
            await elsewhere.WhenReachedAsync(durability.Closed).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await durability.WhenReachedAsync(ticket, durability.Closed).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (durability.IsReached(ticket))
        {
            link.Release();
        }
    }
}
