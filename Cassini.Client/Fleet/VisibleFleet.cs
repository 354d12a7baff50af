using System.Diagnostics.CodeAnalysis;
using Cassini.Streams.Events;

namespace Cassini.Streams.Fleet;

/// <summary>
/// Snapshots of the fleet are equal when a reader sees no change between them: times and numbers alone are none. Of what is unknown, the
/// message says what is wrong now.
/// </summary>
internal sealed class VisibleFleet : IEqualityComparer<FleetSnapshot>
{
    public static readonly VisibleFleet Comparer = new();

    private VisibleFleet()
    {
    }

    public bool Equals(FleetSnapshot? x, FleetSnapshot? y) => ReferenceEquals(x, y) || (x is not null && y is not null
        && (x.Node, x.Epoch, x.Revision, x.Status, x.Ready) == (y.Node, y.Epoch, y.Revision, y.Status, y.Ready)
        && x.Nodes.Select(Essence).SequenceEqual(y.Nodes.Select(Essence))
        && x.Tombstones.SequenceEqual(y.Tombstones));

    public int GetHashCode([DisallowNull] FleetSnapshot obj) => HashCode.Combine(obj.Epoch, obj.Revision, obj.Status);

    private static (string, string, FleetNodeState, HealthStatus, bool, string?, string?) Essence(FleetNode node) => (
        node.Node, node.Epoch, node.State, node.Snapshot.Status, node.Snapshot.Ready, node.Snapshot.Reason,
        node.Snapshot.Status == HealthStatus.Unknown ? node.Snapshot.Message : null);
}
