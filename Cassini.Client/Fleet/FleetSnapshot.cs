using System.Collections.Immutable;
using Cassini.Streams.Events;

namespace Cassini.Streams.Fleet;

/// <summary>
/// All nodes of a fleet at one instant, as one of them knows them: the body of <c>GET /fleet</c>, and its message <c>snapshot</c>. A broker
/// on its own is the only node.
/// </summary>
public sealed record FleetSnapshot
{
    /// <summary>The name of the fleet; null for a broker on its own.</summary>
    public required string? Fleet { get; init; }

    /// <summary>The node that speaks.</summary>
    public required string Node { get; init; }

    /// <summary>The run of its process, 16 hexadecimal digits.</summary>
    public required string Epoch { get; init; }

    /// <summary>The number of the last change that is in it. Numbers and times alone are no change.</summary>
    public required long Revision { get; init; }

    /// <summary>When it was made, by the clock of the node that speaks, UTC.</summary>
    public required DateTimeOffset AsOf { get; init; }

    /// <summary>
    /// The fleet's status. Error: a node says so of itself, or no node is ready. Degraded: a node is degraded or unknown, or was lost and
    /// is a tombstone. A node that has left is no fault.
    /// </summary>
    public required HealthStatus Status { get; init; }

    /// <summary>Whether at least one node is known to serve new clients.</summary>
    public required bool Ready { get; init; }

    /// <summary>Whether the bus is connected at the node that speaks; null for a broker on its own.</summary>
    public bool? Connected { get; init; }

    /// <summary>The nodes by name, the one that speaks among them.</summary>
    public required ImmutableArray<FleetNode> Nodes { get; init; }

    /// <summary>The nodes that are gone, by name.</summary>
    public required ImmutableArray<Tombstone> Tombstones { get; init; }

    /// <summary>The longest silence of a healthy feed of the fleet, in seconds. The management surface sets it.</summary>
    public double? HeartbeatSeconds { get; init; }

    /// <summary>What is known after a change. The links and the interest of its node are as before it.</summary>
    /// <param name="change">The next change: its revision is one more than this one's. An earlier one changes nothing.</param>
    public FleetSnapshot After(FleetChange change)
    {
        ArgumentNullException.ThrowIfNull(change);
        if (change.Revision <= Revision)
        {
            return this;
        }

        var before = Nodes.FirstOrDefault(node => node.Node == change.Node);
        var after = change.Peer is { } peer ? peer with { Links = before?.Links, Interest = before?.Interest } : null;
        return this with
        {
            Revision = change.Revision,
            AsOf = change.Time,
            Status = change.Status,
            Ready = change.Ready,
            Connected = change.Connected,
            Nodes = Replace(Nodes, node => node.Node, change.Node, after),
            Tombstones = Replace(Tombstones, tombstone => tombstone.Node, change.Node, change.Tombstone),
        };
    }

    private static ImmutableArray<T> Replace<T>(ImmutableArray<T> all, Func<T, string> name, string node, T? now)
        where T : class =>
        [.. all.Where(one => name(one) != node).Concat(now is null ? [] : [now]).OrderBy(name, StringComparer.Ordinal)];
}
