using Cassini.Streams.Cluster.Interest;
using Cassini.Streams.Events;

namespace Cassini.Streams.Cluster;

/// <summary>Reports what is wrong with peers, and with what is kept for them. For the lock of its node.</summary>
/// <param name="options">The fleet.</param>
/// <param name="settings">A digest of the settings that nodes must share.</param>
/// <param name="nodeLock">The lock of the node, which publishes.</param>
/// <param name="time">The one clock.</param>
internal sealed class PeerWatch(ClusterOptions options, Func<string> settings, NodeLock nodeLock, TimeProvider time)
{
    /// <summary>So many heartbeats in a row must say it, over as long as they take.</summary>
    private const int BeatsOfSkew = 10;

    /// <summary>A link on which nothing was taken for so much of the time after which it is given up is reported.</summary>
    private const int PartOfAStall = 4;

    /// <summary>A heartbeat whose clock differs by more is reported.</summary>
    private static readonly TimeSpan LargestSkew = TimeSpan.FromSeconds(1);

    /// <summary>What is not kept, and becomes more, is said again after so long.</summary>
    private static readonly TimeSpan Again = TimeSpan.FromMinutes(1);

    /// <summary>A peer says how it is.</summary>
    public void Hear(PeerNode peer, Beat beat)
    {
        CompareSettings(peer, beat);
        CompareClocks(peer, beat);
    }

    /// <summary>What a peer says of its clients, without what cannot be true.</summary>
    public InterestTold Credible(PeerNode peer, InterestTold told)
    {
        if (told is { From: 0, Part: 0 })
        {
            peer.Incredible.Clear();
        }

        peer.Incredible.ExceptWith(told.ClientsReleased);
        var now = time.GetUtcNow();
        List<ClientClaim> claims = [.. told.ClientClaims];
        foreach (var claim in claims)
        {
            if (ClientClaim.IsCredible(claim.Stamp, now))
            {
                peer.Incredible.Remove(claim.Client);
            }
            else
            {
                peer.Incredible.Add(claim.Client);
                peer.ClaimSkew = TimeSpan.FromTicks(claim.Stamp - now.UtcTicks);
            }
        }

        return peer.Incredible.Count == 0
            ? told
            : told with { Claims = [.. claims.Where(claim => !peer.Incredible.Contains(claim.Client)).Select(claim => claim.ToString())] };
    }

    /// <summary>Time has passed.</summary>
    public void Look(PeerNode peer)
    {
        if (peer.Subscriber.Link is not null)
        {
            ReportDrops(peer);
            ReportMissing(peer);
        }

        ReportStall(peer);
        ReportNotKept(peer);
    }

    private void CompareSettings(PeerNode peer, Beat beat)
    {
        var differs = beat.Settings == settings() ? "" : "settings";
        if (differs != peer.Differs)
        {
            peer.Differs = differs;
            nodeLock.NoteLocked(new PeerDiffers(peer.Name, differs));
        }
    }

    private void CompareClocks(PeerNode peer, Beat beat)
    {
        var skew = beat.At - time.GetUtcNow();
        peer.SkewedBeats = skew.Duration() > LargestSkew ? peer.SkewedBeats + 1 : 0;
        peer.SkewedSince = peer.SkewedBeats <= 1 ? time.GetTimestamp() : peer.SkewedSince;

        // What waited somewhere, behind a node that stood still or a network that was cut, says nothing of the clock, and comes at once.
        var isSkewed = peer.SkewedBeats >= BeatsOfSkew
            && time.GetElapsedTime(peer.SkewedSince) >= (BeatsOfSkew - 1) * options.HeartbeatInterval;
        if ((isSkewed || peer.Incredible.Count > 0) != peer.IsSkewed)
        {
            peer.IsSkewed = !peer.IsSkewed;
            nodeLock.NoteLocked(new PeerClockSkewed(
                peer.Name, !peer.IsSkewed ? TimeSpan.Zero : isSkewed ? skew : peer.ClaimSkew));
        }
    }

    /// <summary>Reports that the peer is heard, and takes no messages of QoS 1 and 2.</summary>
    private void ReportStall(PeerNode peer)
    {
        var looks = peer.Subscriber.Link is { } link ? link.IsDoubted ? options.LooksUntilDead : link.Stalled : 0;
        var isStalled = looks >= options.LooksUntilDead / PartOfAStall && looks > 0;
        if (isStalled != peer.IsStalled)
        {
            peer.IsStalled = isStalled;
            nodeLock.NoteLocked(isStalled ? new LinkStalled(peer.Name, looks * options.HeartbeatInterval) : new LinkResumed(peer.Name));
        }
    }

    private void ReportDrops(PeerNode peer)
    {
        var dropped = peer.Subscriber.Link?.Dropped ?? 0;
        var isDropping = dropped > peer.Dropped;
        if (isDropping != peer.IsDropping)
        {
            peer.IsDropping = isDropping;
            nodeLock.NoteLocked(isDropping ? new LinkDropping(peer.Name, dropped) : new LinkRecovered(peer.Name));
        }

        peer.Dropped = dropped;
    }

    /// <summary>Reports what of the peer's retained messages this node could not take.</summary>
    private void ReportMissing(PeerNode peer)
    {
        var missing = peer.Retained.Missing;
        if (missing != peer.Missing)
        {
            nodeLock.NoteLocked(missing > 0 ? new RetainedIncomplete(peer.Name, missing) : new RetainedComplete(peer.Name));
            peer.Missing = missing;
        }
    }

    /// <summary>Reports what is for sessions of a peer that is gone, and is not kept for them.</summary>
    private void ReportNotKept(PeerNode peer)
    {
        var dropped = peer.Subscriber.Queue?.Session.Losses.Dropped ?? 0;
        long? lost = peer.IsWithoutQueue || dropped > 0 ? dropped : null;
        var isNew = lost is null != peer.NotKept is null;
        if (isNew || (lost != peer.NotKept && time.GetElapsedTime(peer.NotKeptSaidAt) >= Again))
        {
            (peer.NotKept, peer.NotKeptSaidAt) = (lost, time.GetTimestamp());
            nodeLock.NoteLocked(lost is { } number ? new MessagesNotKept(peer.Name, number) : new MessagesKept(peer.Name));
        }
    }
}
