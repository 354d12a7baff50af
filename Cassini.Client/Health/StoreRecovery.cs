namespace Cassini.Streams.Health;

/// <summary>How far reading what earlier runs left has come.</summary>
/// <param name="Read">The bytes that were read.</param>
/// <param name="Total">The bytes that there are.</param>
/// <param name="Sessions">The sessions that were found so far.</param>
/// <param name="Messages">The messages that were found so far and wait for these.</param>
public sealed record StoreRecovery(long Read, long Total, int Sessions, long Messages);
