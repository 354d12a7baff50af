using Cassini.Streams.Cluster.Interest;

namespace Cassini.Streams.Cluster;

/// <summary>Takes what peers say to this node, but for what they say of sessions that move. For the lock of its node.</summary>
/// <param name="self">This node.</param>
/// <param name="peers">The peers.</param>
/// <param name="standings">Which of them count.</param>
/// <param name="links">The links to them.</param>
/// <param name="delivery">Sends what is kept for them.</param>
/// <param name="join">Who waits for them.</param>
/// <param name="watch">Reports what is wrong with them.</param>
/// <param name="conflicts">Sessions that two nodes have.</param>
/// <param name="sender">Answers.</param>
internal sealed class ControlReceiver(
    NodeRun self, PeerTable peers, Standings standings, PeerLinks links, KeptDelivery delivery, JoinGate join, PeerWatch watch,
    SessionConflicts conflicts, ControlSender sender)
{
    /// <summary>A node says something.</summary>
    public void Hear(ControlMessage message)
    {
        switch (message)
        {
            case Beat beat:
                Hear(beat);
                break;
            case Farewell farewell:
                peers.Leave(farewell);
                join.Review();
                break;
            case InterestWanted when peers.Find(message) is not null:
                sender.TellAllInterest(message.Node);
                break;
            // Of one that is gone only what it kept then is known; when its heartbeat is heard, it is asked for all.
            case InterestTold told when peers.Find(message) is { Subscriber.Link: not null } peer:
                standings.Hear(peer, told.Peers);
                Take(peer, told);
                break;
            case InterestSeen seen when peers.Find(message) is { } peer && seen.Of == self.Epoch:
                join.Confirm(peer, seen.Version);
                break;
            case LinkAsked asked when asked.Of == self.Epoch && peers.Find(message) is { } peer:
                links.Answer(peer, asked.Link);
                break;
            case TermHeeded heeded when heeded.Of == self.Epoch && peers.Find(message) is { } peer:
                standings.Hear(peer, heeded);
                break;
            case QueueAwaited awaited when awaited.Of == self.Epoch && peers.Find(message) is { } peer:
                peer.QueueAwaited = (awaited.Link, awaited.Interest);
                break;
            case LinkAnswered answered when answered.Of == self.Epoch && peers.Find(message) is { } peer:
                peer.Subscriber.Settle(answered.Link, answered.Received);
                break;
        }
    }

    private void Hear(Beat beat)
    {
        peers.Hear(beat);
        join.Review();
        if (peers.Find(beat) is not { } peer)
        {
            return;
        }

        standings.Hear(peer, beat.Peers);
        if (beat.Interest > peer.Interest.Version || !peer.IsKnown)
        {
            sender.AskForInterest(peer.Name);
        }
        else
        {
            sender.ConfirmInterest(peer);
        }

        peer.Retained.OnBeat(beat.Retained, beat.At);
        watch.Hear(peer, beat);
    }

    private void Take(PeerNode peer, InterestTold said)
    {
        var told = watch.Credible(peer, said);
        switch (peer.Take(told, Expect))
        {
            case true:
                conflicts.Settle(peer, told.Parts == 1 ? told.ClientClaims : peer.Interest.Clients.Values);
                join.Review();
                sender.ConfirmInterest(peer);
                break;
            case false:
                sender.AskForInterest(peer.Name);
                break;
        }

        void Expect(InterestDelta delta)
        {
            standings.Review(peer, delta);
            delivery.Expect(peer, delta);
        }
    }
}
