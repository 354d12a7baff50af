namespace Cassini.Streams.Broker.Routing;

/// <summary>What this node lacks of a retained message that another one has.</summary>
internal enum RetainedNeed
{
    /// <summary>Nothing: it has the same, or a newer one.</summary>
    None,

    /// <summary>The message.</summary>
    Message,

    /// <summary>Nothing, but the other node has not heard that it was removed.</summary>
    Removed,
}
