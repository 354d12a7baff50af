namespace Cassini.Streams.Fleet;

/// <summary>What the node that speaks knows of a node.</summary>
public enum FleetNodeState
{
    /// <summary>It is the node that speaks.</summary>
    Self,

    /// <summary>It is heard, and what it says of itself is current.</summary>
    Alive,

    /// <summary>It was not heard for a while and may be lost: its health is unknown.</summary>
    Suspect,

    /// <summary>Nothing current is known of it: its health is unknown, and the reason says why.</summary>
    Unknown,
}
