namespace Cassini.Streams.Store.Ledgers;

/// <summary>How a <see cref="SqliteLedger"/> keeps its groups.</summary>
internal sealed record SqliteLedgerOptions
{
    /// <summary>The full path of its directory, which is created. Nothing else may be in it.</summary>
    public required string Directory { get; init; }

    /// <summary>What a group survives when its append has ended.</summary>
    public LedgerDurability Durability { get; init; } = LedgerDurability.Flush;

    /// <summary>
    /// The bytes of a page, a power of two from 512 to 65,536. It is fixed when the file is created; an existing file keeps its own.
    /// </summary>
    public int PageSize { get; init; } = 4 << 10;

    /// <summary>
    /// After how many bytes of the write-ahead log it is copied into the database. This is also about how much a start has to
    /// look through, and how much bits that rot unseen can make look like a torn end.
    /// </summary>
    public long CheckpointBytes { get; init; } = 8 << 20;

    /// <summary>
    /// The bytes of the disk that are kept for appends which may use the reserve, and for checkpoints; 0 for none. A checkpoint may
    /// need <see cref="CheckpointBytes"/> of it, so it should be larger.
    /// </summary>
    public long ReserveBytes { get; init; } = 16 << 20;

    /// <summary>So many bytes of free pages are never given back to the file system: the next groups need them.</summary>
    public long FreeBytesKept { get; init; } = 64 << 20;

    /// <summary>Whether the file is created when there is none. Not when it was there a moment ago.</summary>
    public bool MayCreate { get; init; } = true;

    /// <summary>
    /// Whether all pages are looked at when it is opened, which reads the whole file. Not when this process opened it a moment ago.
    /// </summary>
    public bool ChecksPages { get; init; } = true;
}
