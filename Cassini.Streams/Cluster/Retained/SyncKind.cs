namespace Cassini.Streams.Cluster.Retained;

/// <summary>What one node asks another, or answers, to have the same retained messages.</summary>
internal enum SyncKind : byte
{
    DigestsWanted = 1,

    /// <summary>When they were made, UTC in milliseconds since 1970, and the digest of each bucket.</summary>
    Digests = 2,

    /// <summary>A bit for each bucket. The step is the number of the piece of the list.</summary>
    ListWanted = 3,

    /// <summary>A byte that is 1 at the end of the list, then topics with their stamps.</summary>
    List = 4,

    /// <summary>Topics.</summary>
    MessagesWanted = 5,

    /// <summary>How many of the topics it answers, how many of these are too large for the bus, then records.</summary>
    Messages = 6,

    /// <summary>Topics with stamps that the sender has and the receiver has not listed.</summary>
    Offered = 7,

    /// <summary>
    /// Topics with stamps: what the receiver has of them up to these was removed. An answer to what it has offered, or sent by itself.
    /// </summary>
    Removed = 8,
}
