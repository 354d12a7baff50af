namespace Cassini.Streams.Store.History;

/// <summary>Whether reading can continue in the history after a given event.</summary>
internal enum HistoryAnswer
{
    /// <summary>Yes.</summary>
    Resumed,

    /// <summary>No: the history does not know the run, or there is none.</summary>
    UnknownRun,

    /// <summary>No: an event after it is missing.</summary>
    Missing,

    /// <summary>No: the run ended before such an event.</summary>
    NotYet,
}

/// <summary>The answer to a reader that has seen everything up to an event, of this run or of one before it.</summary>
/// <param name="Answer">Whether it can continue.</param>
/// <param name="Events">What it missed, up to where the hub's log continues; null when it cannot.</param>
/// <param name="Through">The last sequence of the present run among <paramref name="Events"/>: the hub's log continues after it.</param>
internal sealed record HistoryResume(HistoryAnswer Answer, HistoryCursor? Events = null, long Through = 0);
