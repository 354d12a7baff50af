namespace Cassini.Streams.Broker.Durable;

/// <summary>A copy that lies in the store, and not in memory.</summary>
/// <param name="Sequence">Its sequence number.</param>
/// <param name="Group">The number of the group in which it was written last.</param>
internal readonly record struct StoredCopy(long Sequence, long Group);
