using System.Collections.Immutable;
using Cassini.Streams.Fleet;

namespace Cassini.Streams.Cluster.Fleet;

/// <summary>What a node remembers of the fleet over its restart.</summary>
/// <param name="V">The version.</param>
/// <param name="Tombstones">The nodes that are gone.</param>
/// <param name="Forgettings">Those that were forgotten.</param>
/// <param name="Addresses">Where the others are asked while the bus does not bring what they say. A file of before has none.</param>
internal sealed record FleetMemory(
    int V, ImmutableArray<Tombstone> Tombstones, ImmutableArray<Forgetting> Forgettings, ImmutableArray<NodeAddress> Addresses = default);
