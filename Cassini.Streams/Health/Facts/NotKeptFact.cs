namespace Cassini.Streams.Health.Facts;

/// <summary>Messages for sessions of another node are not kept while it is gone.</summary>
/// <param name="Node">Its name.</param>
/// <param name="Dropped">How many were dropped so far; 0 when nothing is kept for it.</param>
/// <param name="Cause">The event that this is from.</param>
internal sealed record NotKeptFact(string Node, long Dropped, long Cause);
