namespace Cassini.Streams.Health;

/// <summary>The range of events that the feed can still resume from.</summary>
/// <param name="OldestId">The oldest event kept.</param>
/// <param name="NewestId">The newest event.</param>
public sealed record LogRange(string OldestId, string NewestId);
