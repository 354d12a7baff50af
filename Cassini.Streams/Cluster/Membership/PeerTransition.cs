namespace Cassini.Streams.Cluster.Membership;

/// <summary>A change of a peer.</summary>
/// <param name="Change">What happened.</param>
/// <param name="Node">Its name.</param>
/// <param name="Epoch">The run of its process that it happened to.</param>
/// <param name="At">When, since the begin of this node's run.</param>
/// <param name="Silence">How long it had not been heard then.</param>
internal readonly record struct PeerTransition(PeerChange Change, string Node, string Epoch, TimeSpan At, TimeSpan Silence);
