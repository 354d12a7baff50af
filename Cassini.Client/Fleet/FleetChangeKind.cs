namespace Cassini.Streams.Fleet;

/// <summary>What happened to a node.</summary>
public enum FleetChangeKind
{
    /// <summary>It is there: a new one, or a new run of one that was known.</summary>
    Joined,

    /// <summary>It was not heard for a while.</summary>
    Suspected,

    /// <summary>Nothing current is known of it any more.</summary>
    Silenced,

    /// <summary>It is heard again as the same run, also when it was a tombstone.</summary>
    Back,

    /// <summary>Its health changed visibly, or another fact of it, such as its management address.</summary>
    Transition,

    /// <summary>It is lost: a tombstone.</summary>
    Lost,

    /// <summary>It has stopped gracefully: a tombstone.</summary>
    Left,

    /// <summary>Its tombstone is gone, and it is not back.</summary>
    Forgotten,
}
