namespace Cassini.Streams.Store.History;

/// <summary>The writer's state at one instant. Immutable.</summary>
internal sealed record HistoryStatus
{
    /// <summary>Why nothing is written at present, as a sentence without its end; null when events are written, or will be soon.</summary>
    public string? Problem { get; init; }

    /// <summary>The oldest event kept; null when there is none.</summary>
    public string? OldestId { get; init; }

    /// <summary>The time of that event, as it is written; null when there is none.</summary>
    public string? OldestTime { get; init; }

    /// <summary>The size of the file and of its log, in bytes.</summary>
    public long Bytes { get; init; }

    /// <summary>The last sequence of this run that is in the file.</summary>
    public long Written { get; init; }

    /// <summary>Events of this run that are in no history, because they were not written in time.</summary>
    public long Lost { get; init; }

    /// <summary>How often the file could not be opened or written.</summary>
    public long Failures { get; init; }
}
