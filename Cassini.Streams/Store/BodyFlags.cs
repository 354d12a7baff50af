namespace Cassini.Streams.Store;

/// <summary>What a message says of itself, and what follows in its record.</summary>
[Flags]
internal enum BodyFlags : byte
{
    None = 0,

    /// <summary>Quality of service with which it was published, in two bits.</summary>
    QoS = 3,

    Retain = 4,

    /// <summary>When it expires follows: UTC in milliseconds since 1970.</summary>
    Expires = 8,

    /// <summary>Of a will: its delay follows, in seconds.</summary>
    Delayed = 16,
}
