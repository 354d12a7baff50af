namespace Cassini.Streams.Store;

/// <summary>What follows in the record of a copy, and what it says of itself.</summary>
[Flags]
internal enum CopyFlags : byte
{
    None = 0,

    /// <summary>Quality of service, in two bits.</summary>
    QoS = 3,

    Retain = 4,

    IsOfBurst = 8,

    HasIdentifiers = 16,

    HasShare = 32,

    /// <summary>It was sent: its packet identifier and its state follow.</summary>
    HasDelivery = 64,
}
