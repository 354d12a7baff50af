namespace Cassini.Streams.Cluster.Fleet;

/// <summary>An operator has forgotten a node that was gone. It is kept as long as a tombstone would be, because a node that was away may
/// still have that.</summary>
/// <param name="Node">Its name.</param>
/// <param name="Epoch">The run that was gone.</param>
/// <param name="At">When, UTC.</param>
internal sealed record Forgetting(string Node, string Epoch, DateTimeOffset At);
