using Cassini.Streams.Events;

namespace Cassini.Streams.Fleet;

/// <summary>
/// One change of the fleet: a message <c>node</c>, <c>transition</c> or <c>tombstone</c> of <c>GET /fleet</c>. It has all that is known of
/// its node afterwards, so that a reader replaces what it has; see <see cref="FleetSnapshot.After"/>.
/// </summary>
public sealed record FleetChange
{
    /// <summary>
    /// Its number, one more than that of the change before. With <see cref="FleetSnapshot.Epoch"/> it is the id of its message.
    /// </summary>
    public required long Revision { get; init; }

    /// <summary>When it happened, by the clock of the node that speaks, UTC.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>What happened.</summary>
    public required FleetChangeKind Change { get; init; }

    /// <summary>To which node.</summary>
    public required string Node { get; init; }

    /// <summary>The status of the node before; unknown when it was not there.</summary>
    public required HealthStatus From { get; init; }

    /// <summary>The status of the node after; unknown when it is not there.</summary>
    public required HealthStatus To { get; init; }

    /// <summary>The status of the fleet after it.</summary>
    public required HealthStatus Status { get; init; }

    /// <summary>Whether a node of the fleet is ready after it.</summary>
    public required bool Ready { get; init; }

    /// <summary>Whether the bus is connected at the node that speaks after it; null for a broker on its own.</summary>
    public bool? Connected { get; init; }

    /// <summary>The node after it; null when it is not there.</summary>
    public FleetNode? Peer { get; init; }

    /// <summary>The node's tombstone after it; null when there is none.</summary>
    public Tombstone? Tombstone { get; init; }

    /// <summary>The name of its message: <c>node</c>, <c>transition</c>, or <c>tombstone</c> when a tombstone came or went.</summary>
    public static string MessageOf(FleetChangeKind change) => change switch
    {
        FleetChangeKind.Transition => "transition",
        FleetChangeKind.Lost or FleetChangeKind.Left or FleetChangeKind.Forgotten => "tombstone",
        _ => "node",
    };
}
