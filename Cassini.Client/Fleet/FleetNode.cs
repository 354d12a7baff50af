namespace Cassini.Streams.Fleet;

/// <summary>One node of the fleet, as the node that speaks knows it. A node that was given up or has left is a tombstone instead.</summary>
public sealed record FleetNode
{
    /// <summary>Its name.</summary>
    public required string Node { get; init; }

    /// <summary>The run of its process, 16 hexadecimal digits.</summary>
    public required string Epoch { get; init; }

    /// <summary>What is known of it.</summary>
    public required FleetNodeState State { get; init; }

    /// <summary>When that state was entered, UTC.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>When it was heard last.</summary>
    public required NodeHeard Heard { get; init; }

    /// <summary>Its health; unknown unless the state is self or alive.</summary>
    public required FleetNodeHealth Snapshot { get; init; }

    /// <summary>The link to it; null for the node that speaks, and in changes.</summary>
    public NodeLinks? Links { get; init; }

    /// <summary>What is known of each other's subscriptions; null for the node that speaks, and in changes.</summary>
    public NodeInterest? Interest { get; init; }

    /// <summary>Where its management is reached, as it says: <c>Cluster:Management</c>; null when it says nothing.</summary>
    public string? Management { get; init; }
}
