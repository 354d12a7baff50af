using Cassini.Streams.Settings;

namespace Cassini.Streams.Store;

/// <summary>What the broker keeps on disk of sessions, messages and wills, so that nothing acknowledged ends with the process.</summary>
public sealed record StoreOptions : IOptionsRecord
{
    /// <summary>What an acknowledged message survives. QoS 0, and sessions that end with their connection, are never stored.</summary>
    public StoreLevel Level { get; init; } = StoreLevel.Flush;

    /// <summary>
    /// The directory of the journal, for one process alone. Without it: <c>journal</c> in the data directory. An application that hosts the
    /// broker has no data directory, so nothing is stored there without it.
    /// </summary>
    [Form("directory")]
    public string? Directory { get; init; }

    /// <summary>
    /// How large the journal may become before what lives in it is written anew and the rest is dropped. It is not done before three
    /// quarters of it are dead, so it may be four times as large as what lives.
    /// </summary>
    [Within(1_048_576, 1_099_511_627_776, Unit = "bytes")]
    public long CompactBytes { get; init; } = 268_435_456;

    /// <summary>
    /// From this size of the journal on, messages that would be stored are refused, until enough was acknowledged and dropped. It is looked
    /// at once a second, so what comes within a second may exceed it.
    /// </summary>
    [Within(1_048_576, 1_099_511_627_776, Unit = "bytes")]
    public long MaxBytes { get; init; } = 68_719_476_736;

    /// <summary>
    /// With less room than this on its disk, messages that would be stored are refused, so that other programs, and the acknowledgements of
    /// what is stored, have some left. Below four times as much the check <c>store</c> is degraded. 0: until the disk is full.
    /// </summary>
    [Within(0, 1_099_511_627_776, Unit = "bytes")]
    public long MinFreeBytes { get; init; } = 67_108_864;

    /// <summary>How long a commit waits for more changes while many come from few clients. 0: not at all.</summary>
    internal TimeSpan Gathering { get; init; } = TimeSpan.FromMilliseconds(1);
}
