namespace Cassini.Streams.Cluster.Membership;

/// <summary>What a node knows of a peer.</summary>
internal enum PeerState
{
    /// <summary>It says that it lives.</summary>
    Alive,

    /// <summary>It was not heard for a while.</summary>
    Suspect,

    /// <summary>It was not heard for so long that nobody waits for it.</summary>
    Lost,
}

/// <summary>Something that a node learned of a peer.</summary>
internal enum PeerChange
{
    /// <summary>It was heard for the first time, or as another run of its process.</summary>
    Joined,

    /// <summary>It was not heard for a while.</summary>
    Suspected,

    /// <summary>It is heard again, as the same run.</summary>
    Back,

    /// <summary>It was not heard for so long that nobody waits for it.</summary>
    Lost,

    /// <summary>It said that it stops.</summary>
    Left,
}
