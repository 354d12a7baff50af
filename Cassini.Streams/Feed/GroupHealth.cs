using System.Collections.Immutable;
using Cassini.Streams.Events;
using Cassini.Streams.Health;

namespace Cassini.Streams.Feed;

/// <summary>The health of several brokers, seen as one.</summary>
/// <param name="Nodes">Each of them, in the order of the group.</param>
public sealed record GroupHealth(ImmutableArray<NodeHealth> Nodes)
{
    /// <summary>The worst of all.</summary>
    public HealthStatus Status => Nodes.Max(node => node.Snapshot.Status);

    /// <summary>Whether every one of them can serve new clients.</summary>
    public bool Ready => Nodes.All(node => node.Snapshot.Ready);
}

/// <summary>The health of one broker of a group.</summary>
/// <param name="Management">Its management address.</param>
/// <param name="Snapshot">Its health; unknown while its feed is lost.</param>
public sealed record NodeHealth(Uri Management, HealthSnapshot Snapshot);
