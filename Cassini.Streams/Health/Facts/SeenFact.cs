using Cassini.Streams.Events;

namespace Cassini.Streams.Health.Facts;

/// <summary>What another node says over HTTP. One that says nothing has none.</summary>
/// <param name="Node">Its name.</param>
/// <param name="Answer">What it says.</param>
/// <param name="Cause">The event that this is from.</param>
internal sealed record SeenFact(string Node, PeerAnswer Answer, long Cause);
