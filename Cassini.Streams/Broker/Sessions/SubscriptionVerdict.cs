namespace Cassini.Streams.Broker.Sessions;

/// <summary>What became of a new subscription.</summary>
internal enum SubscriptionVerdict
{
    Added,

    /// <summary>It is in place of one with the same filter.</summary>
    Replaced,

    /// <summary>The session has as many as it may have.</summary>
    TooMany,

    /// <summary>Its identity may take no more memory.</summary>
    NoMemory,

    /// <summary>Its identity has its share of the shared subscriptions, or as much as is left for others.</summary>
    SharedOverQuota,

    /// <summary>No shared subscription is left for anyone.</summary>
    SharedExhausted,

    /// <summary>The session has ended.</summary>
    Ended,
}
