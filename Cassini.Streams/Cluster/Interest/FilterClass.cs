namespace Cassini.Streams.Cluster.Interest;

/// <summary>What of the messages of a filter a node wants. A later one has all of the earlier ones.</summary>
internal enum FilterClass
{
    /// <summary>With QoS 0 alone.</summary>
    Fast,

    /// <summary>With the QoS that they were published with.</summary>
    Sure,

    /// <summary>The same, and some of it for sessions that outlive the node: what it misses must be kept for it.</summary>
    Kept,
}
