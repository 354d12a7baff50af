namespace Cassini.Streams.Fleet;

/// <summary>The link from the node that speaks to another. Changes of it alone are not published.</summary>
/// <param name="Up">Whether there is one: not to a node that was given up.</param>
/// <param name="Dropped">Messages of QoS 0 that were dropped, because the node took no more.</param>
public sealed record NodeLinks(bool Up, long Dropped);
