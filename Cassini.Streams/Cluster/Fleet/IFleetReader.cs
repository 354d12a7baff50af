using System.Collections.Immutable;

namespace Cassini.Streams.Cluster.Fleet;

/// <summary>Asks other nodes at their managements for the fleet as they know it.</summary>
internal interface IFleetReader
{
    /// <summary>Asks all of them at once. Takes a few seconds at most, and does not fail: a problem is an answer.</summary>
    /// <param name="nodes">Whom; at most <see cref="FleetIdentity.MostAddresses"/>.</param>
    /// <param name="cancellationToken">Ends it; what has not come by then is a problem.</param>
    /// <returns>One answer of each.</returns>
    Task<ImmutableArray<FleetAnswer>> AskAsync(ImmutableArray<NodeAddress> nodes, CancellationToken cancellationToken);
}
