namespace Cassini.Streams.Cluster.Interest;

/// <summary>How many members of a shared subscription a node has.</summary>
/// <param name="Filter">Its filter, <c>$share/NAME/FILTER</c>.</param>
/// <param name="Reachable">How many can be reached.</param>
/// <param name="Lasting">How many can be reached, or keep messages while they cannot; 0 for none any more.</param>
internal readonly record struct SharedFilter(string Filter, int Reachable, int Lasting)
{
    /// <summary>Whether it can be so.</summary>
    public bool IsWhole => Filter is not null && Reachable >= 0 && Lasting >= Reachable;
}
