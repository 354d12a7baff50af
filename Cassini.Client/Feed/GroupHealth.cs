using System.Collections.Immutable;
using Cassini.Streams.Events;
using Cassini.Streams.Health;

namespace Cassini.Streams.Feed;

/// <summary>The combined health of several brokers.</summary>
/// <param name="Nodes">The health of each broker, in the order of the group.</param>
public sealed record GroupHealth(ImmutableArray<NodeHealth> Nodes)
{
    /// <summary>The worst status of all brokers.</summary>
    public HealthStatus Status => Nodes.Max(node => node.Snapshot.Status);

    /// <summary>Whether every broker can serve new clients.</summary>
    public bool Ready => Nodes.All(node => node.Snapshot.Ready);
}

/// <summary>The health of one broker of a group.</summary>
/// <param name="Management">Its management address.</param>
/// <param name="Snapshot">Its health; unknown while its feed is lost.</param>
public sealed record NodeHealth(Uri Management, HealthSnapshot Snapshot);
