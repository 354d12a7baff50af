namespace Cassini.Streams.Broker.Model;

/// <summary>
/// Which subscribers a message is for. What a node has missed comes to it late, for its sessions that outlive it, and until all of that has
/// come, what is published meanwhile comes to these in its turn, and to the others at once.
/// </summary>
internal enum Audience
{
    /// <summary>All.</summary>
    All,

    /// <summary>Those that keep messages while they cannot be reached.</summary>
    Keepers,

    /// <summary>Those that do not.</summary>
    Others,
}
