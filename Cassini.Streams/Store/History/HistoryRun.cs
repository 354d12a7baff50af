using Cassini.Streams.Events;

namespace Cassini.Streams.Store.History;

/// <summary>A run of the process, as the history has it.</summary>
/// <param name="Epoch">The run.</param>
/// <param name="StartedAt">When it started, UTC.</param>
/// <param name="Program">The version of the program.</param>
internal sealed record HistoryRun(Epoch Epoch, DateTimeOffset StartedAt, string Program)
{
    /// <summary>How it ended; null for a run that has not ended.</summary>
    public RunEnd? End { get; init; }

    /// <summary>
    /// When it ended, UTC: the time of its last event in the history, unless it ended clean. Null for a run that has not ended, and when
    /// it is not known.
    /// </summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>The exception that ended it; null when there was none.</summary>
    public string? Detail { get; init; }

    /// <summary>The sequence of its last event in the history; 0 when there is none.</summary>
    public long Last { get; init; }

    /// <summary>Whether the history had its end, so that nothing that happened after <see cref="Last"/> is missing.</summary>
    public bool IsComplete => End == RunEnd.Clean;

    /// <summary>What comes before its first row: its row of a sequence is the sum of both.</summary>
    internal long Base { get; init; }

    /// <summary>The last sequence that was removed because of its age or the size of the file.</summary>
    internal long Removed { get; init; }
}
