namespace Cassini.Streams.Fleet;

/// <summary>When a node was heard last, UTC. Changes of these times alone are not published.</summary>
/// <param name="Bus">On the bus; null when it never was.</param>
/// <param name="Feed">Over HTTP, the second path; null when it never was, or was not asked, because it is heard on the bus.</param>
public sealed record NodeHeard(DateTimeOffset? Bus, DateTimeOffset? Feed);
