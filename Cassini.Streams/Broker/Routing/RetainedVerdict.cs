namespace Cassini.Streams.Broker.Routing;

/// <summary>What became of another node's change of a retained message.</summary>
internal enum RetainedVerdict
{
    /// <summary>It is in force.</summary>
    Applied,

    /// <summary>A later change is in force.</summary>
    Stale,

    /// <summary>There is no room for it. The topic has no retained message here, because an older one would be wrong.</summary>
    NoRoom,
}
