namespace Cassini.Streams.Fleet;

/// <summary>What the node that speaks and another know of each other's subscriptions. Changes of it alone are not published.</summary>
/// <param name="Known">Whether the other has said what its clients subscribe to.</param>
/// <param name="Version">The version of what it has said.</param>
/// <param name="Confirmed">Whether it has confirmed all that the clients of the node that speaks subscribe to.</param>
public sealed record NodeInterest(bool Known, long Version, bool Confirmed);
