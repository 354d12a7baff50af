namespace Cassini.Streams.Fleet;

/// <summary>When a node was heard last, UTC. Changes of these times alone are not published.</summary>
/// <param name="Bus">On the bus; null when it never was.</param>
/// <param name="Feed">By its HTTP feed, the second path; null when it never was, and when it was not needed.</param>
public sealed record NodeHeard(DateTimeOffset? Bus, DateTimeOffset? Feed);
