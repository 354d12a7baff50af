using System.Collections.Immutable;

namespace Cassini.Streams.Health;

/// <summary>The topics.</summary>
/// <param name="Count">How many there are.</param>
/// <param name="Names">Up to 100 names, sorted.</param>
/// <param name="Truncated">Whether there are more than the names listed.</param>
public sealed record TopicSummary(long Count, ImmutableArray<string> Names, bool Truncated);
