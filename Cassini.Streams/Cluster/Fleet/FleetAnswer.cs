using Cassini.Streams.Fleet;

namespace Cassini.Streams.Cluster.Fleet;

/// <summary>What came of asking a node.</summary>
/// <param name="Of">The node.</param>
/// <param name="Snapshot">The fleet as it knows it; null when it did not answer.</param>
/// <param name="Problem">Why it did not, for people; null when it did.</param>
internal sealed record FleetAnswer(NodeAddress Of, FleetSnapshot? Snapshot, string? Problem);
