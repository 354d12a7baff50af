using Cassini.Streams.Events;
using Cassini.Streams.Fleet;

namespace Cassini.Streams.Cluster.Fleet;

/// <summary>What a reader sees change between two states of the fleet. Times and numbers alone are no change.</summary>
internal sealed class FleetDifference(FleetState before, FleetState after)
{
    /// <summary>What happened to a node; null for nothing.</summary>
    public FleetChangeKind? Of(string node)
    {
        var (was, now) = (before.Find(node), after.Find(node));
        var (goneBefore, gone) = (before.Tombstones.GetValueOrDefault(node), after.Tombstones.GetValueOrDefault(node));
        return now is not null ? OfThere(was, now, goneBefore)
            : gone is not null ? OfGone(goneBefore, gone)
            : was is not null || goneBefore is not null ? FleetChangeKind.Forgotten
            : null;
    }

    private FleetChangeKind? OfThere(FleetNode? was, FleetNode now, Tombstone? goneBefore) =>
        was is null ? (goneBefore?.Epoch == now.Epoch ? FleetChangeKind.Back : FleetChangeKind.Joined)
        : was.Epoch != now.Epoch ? FleetChangeKind.Joined
        : was.State == now.State ? (Essence(was) == Essence(now) ? null : FleetChangeKind.Transition)
        : now.State switch
        {
            FleetNodeState.Suspect => FleetChangeKind.Suspected,
            FleetNodeState.Unknown => FleetChangeKind.Silenced,

            // What it says first is news of its health: it has joined before.
            _ => before.Nodes[now.Node].Said is null ? FleetChangeKind.Transition : FleetChangeKind.Back,
        };

    private static FleetChangeKind? OfGone(Tombstone? before, Tombstone now) =>
        (before?.Epoch, before?.Reason) == (now.Epoch, now.Reason) ? null
        : now.Reason == TombstoneReason.Left ? FleetChangeKind.Left
        : FleetChangeKind.Lost;

    private static (HealthStatus, bool, string?, Phase, long, int?, string?) Essence(FleetNode node) => (
        node.Snapshot.Status, node.Snapshot.Ready, node.Snapshot.Reason, node.Snapshot.Phase, node.Snapshot.Revision, node.Snapshot.Peers,
        node.Management);
}
