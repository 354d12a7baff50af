namespace Cassini.Streams.Cluster;

/// <summary>A run of a node of the fleet.</summary>
/// <param name="Node">The name of the node.</param>
/// <param name="Epoch">The run of its process.</param>
internal sealed record NodeRun(string Node, string Epoch);
