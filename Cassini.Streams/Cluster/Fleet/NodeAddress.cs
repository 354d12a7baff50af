namespace Cassini.Streams.Cluster.Fleet;

/// <summary>Where the management of another node is reached, as it said on the bus.</summary>
/// <param name="Node">Its name.</param>
/// <param name="Management">The address.</param>
internal sealed record NodeAddress(string Node, string Management)
{
    /// <summary>Whether both may be what they say they are.</summary>
    public static bool IsWhole(NodeAddress? one) =>
        one is not null && ClusterSettings.IsName(one.Node) && one.Management is { } text && ClusterSettings.IsManagement(text);
}
