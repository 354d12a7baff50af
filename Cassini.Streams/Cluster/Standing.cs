namespace Cassini.Streams.Cluster;

/// <summary>How a node that has joined stands with a peer, as it says to all.</summary>
/// <param name="Node">The peer.</param>
/// <param name="Term">
/// A number that is higher each time it gives the peer up, and when it meets it late; 0 when it knew the peer before it joined.
/// </param>
/// <param name="Counts">Whether it awaits the marks of the peer, and takes its frames: the peer knows of the term.</param>
internal sealed record Standing(string Node, long Term, bool Counts);
