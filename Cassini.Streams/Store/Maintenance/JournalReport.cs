using System.Collections.Immutable;
using Cassini.Streams.Store.Ledgers;

namespace Cassini.Streams.Store.Maintenance;

/// <summary>What is in a journal, and what is wrong with it.</summary>
internal sealed record JournalReport
{
    /// <summary>Its full path.</summary>
    public required string Directory { get; init; }

    /// <summary>The process that writes it; null when there is none.</summary>
    public string? UsedBy { get; init; }

    public required int Format { get; init; }

    /// <summary>The number of the first group that was found; 0 when there is none.</summary>
    public long First { get; init; }

    /// <summary>The number of the last one.</summary>
    public long Last { get; init; }

    /// <summary>How many were found.</summary>
    public long Groups { get; init; }

    /// <summary>The bytes of those.</summary>
    public long Bytes { get; init; }

    /// <summary>The bytes of the database.</summary>
    public long FileBytes { get; init; }

    /// <summary>The bytes of its write-ahead log.</summary>
    public long LogBytes { get; init; }

    /// <summary>When the first of them was written, UTC.</summary>
    public DateTimeOffset? Begin { get; init; }

    /// <summary>When the last of them was written, UTC.</summary>
    public DateTimeOffset? End { get; init; }

    public int Sessions { get; init; }

    public int Subscriptions { get; init; }

    /// <summary>Copies of messages in the queues of sessions.</summary>
    public long Messages { get; init; }

    public int Retained { get; init; }

    public int Wills { get; init; }

    /// <summary>The last run; null when there was none, or it cannot be read.</summary>
    public LedgerRun? Run { get; init; }

    public ImmutableArray<JournalProblem> Problems { get; init; } = [];

    /// <summary>The groups that were found and cannot be used.</summary>
    public ImmutableHashSet<long> Unusable { get; init; } = [];

    /// <summary>The first group that cannot be used, found or not; null when there is none.</summary>
    public long? Hole { get; init; }

    /// <summary>How many groups before the hole can be used.</summary>
    public long GroupsBeforeHole { get; init; }

    /// <summary>
    /// Sessions that are incomplete, because what is behind the hole is about them and their beginning is missing, or because groups that
    /// cannot be used are about them.
    /// </summary>
    public ImmutableSortedSet<string> Touched { get; init; } = [];

    /// <summary>Whether a newer version wrote something in it.</summary>
    public bool IsNewer => Problems.Any(problem => problem.IsNewer);

    public bool IsSound => Problems.IsEmpty;
}
