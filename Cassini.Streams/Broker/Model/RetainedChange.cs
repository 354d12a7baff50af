namespace Cassini.Streams.Broker.Model;

/// <summary>What other nodes must know of a message beside the message itself, to retain it as its publisher's node does.</summary>
/// <param name="Stamp">Its place among all changes of the topic's retained message.</param>
/// <param name="Identity">The identity that pays for it on each node; empty for the broker itself.</param>
/// <param name="ExpiresAt">When it expires, UTC in milliseconds since 1970; null when it does not.</param>
/// <param name="IsSilent">Whether no subscriber gets it: an operator removes a retained message.</param>
internal sealed record RetainedChange(RetainedStamp Stamp, string Identity, long? ExpiresAt, bool IsSilent = false);
