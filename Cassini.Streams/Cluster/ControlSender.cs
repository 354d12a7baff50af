using System.Collections.Immutable;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Cluster.Engine;
using Cassini.Streams.Cluster.Interest;

namespace Cassini.Streams.Cluster;

/// <summary>
/// Says to peers what this node has to say. What the bus does not take is said again. Thread-safe, but for heartbeats and interest.
/// </summary>
/// <param name="self">This node.</param>
/// <param name="subjects">The subjects of the fleet.</param>
/// <param name="bus">Carries what nodes say to each other.</param>
/// <param name="interest">What its clients want.</param>
/// <param name="settings">A digest of the settings that nodes must share. Called under the lock of the node.</param>
/// <param name="retained">What it retains.</param>
/// <param name="standings">How it stands with its peers. Called under the lock of the node.</param>
/// <param name="time">The one clock.</param>
internal sealed class ControlSender(
    NodeRun self, Subjects subjects, IBus bus, OwnInterest interest, Func<string> settings, RetainedMessages retained,
    Func<ImmutableArray<Standing>?> standings, TimeProvider time)
{
    /// <summary>Says something to all peers.</summary>
    public void TellAll(ControlMessage message) => bus.TryPublish(subjects.All, message.ToBytes());

    /// <summary>Says something to a peer.</summary>
    public void Tell(string node, ControlMessage message) => bus.TryPublish(subjects.Of(node), message.ToBytes());

    /// <summary>Says to all peers that this node lives. Under the lock of the node.</summary>
    public void BeatToAll() => TellAll(Beat());

    /// <summary>Says to a peer that this node lives. Under the lock of the node.</summary>
    public void BeatTo(string node) => Tell(node, Beat());

    /// <summary>Asks a peer for all that it wants.</summary>
    public void AskForInterest(string node) => Tell(node, new InterestWanted(self.Node, self.Epoch));

    /// <summary>Says to a peer that what it wants is in the tree of this node.</summary>
    public void ConfirmInterest(PeerNode peer) =>
        Tell(peer.Name, new InterestSeen(self.Node, self.Epoch, peer.Epoch, peer.Interest.Version));

    /// <summary>Says to all peers what has changed of what this node's clients want. Under the lock of the node.</summary>
    public void TellInterest(InterestDelta change) => TellInterest(subjects.All, change);

    /// <summary>Says to a peer all that this node's clients want. Under the lock of the node.</summary>
    public void TellAllInterest(string node) => TellInterest(subjects.Of(node), interest.All());

    private Beat Beat()
    {
        // The clock before the digest: it says up to when that is.
        var at = time.GetUtcNow();
        return new Beat(self.Node, self.Epoch, interest.Version, settings(), at, retained.Digest, standings());
    }

    private void TellInterest(string subject, InterestDelta delta)
    {
        // A half of what the bus takes is for the rest of the message.
        var parts = InterestParts.Cut(delta, Math.Max(4_096, bus.LargestMessage / 2));
        var peers = standings();
        for (var i = 0; i < parts.Count; i++)
        {
            var told = new InterestTold(
                self.Node, self.Epoch, delta.From, delta.To, i, parts.Count,
                [.. parts[i].Wanted.Where(one => one.Class == FilterClass.Fast).Select(one => one.Filter)],
                [.. parts[i].Wanted.Where(one => one.Class == FilterClass.Sure).Select(one => one.Filter)],
                parts[i].Unwanted,
                [.. parts[i].Claims.Select(claim => claim.ToString())],
                parts[i].Released,
                [.. parts[i].Wanted.Where(one => one.Class == FilterClass.Kept).Select(one => one.Filter)],
                parts[i].Shares,
                InterestTold.Write(parts[i].Topics),
                peers);
            bus.TryPublish(subject, told.ToBytes());
        }
    }
}
