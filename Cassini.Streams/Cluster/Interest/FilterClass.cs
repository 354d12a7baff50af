namespace Cassini.Streams.Cluster.Interest;

/// <summary>What a node wants of the messages that match a filter.</summary>
internal enum FilterClass
{
    /// <summary>Its subscribers take QoS 0: nobody waits for the messages.</summary>
    Fast = 0,

    /// <summary>It has a subscriber with QoS 1 or 2.</summary>
    Sure = 1,
}
