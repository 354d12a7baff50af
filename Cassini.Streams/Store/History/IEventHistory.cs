using System.Collections.Immutable;
using Cassini.Streams.Events;

namespace Cassini.Streams.Store.History;

/// <summary>The events of earlier runs and of this one, on disk. Any thread.</summary>
internal interface IEventHistory
{
    /// <summary>How much is kept.</summary>
    HistoryOptions Options { get; }

    /// <summary>What the writer does at present.</summary>
    HistoryStatus Status { get; }

    /// <summary>The newest runs that it knows, the oldest of them first; null when the file cannot be read.</summary>
    /// <param name="most">How many.</param>
    /// <param name="cancellation">Ends the wait.</param>
    Task<ImmutableArray<HistoryRun>?> RunsAsync(int most, CancellationToken cancellation);

    /// <summary>What a reader missed that has seen everything up to an event.</summary>
    /// <param name="after">The last event that it has seen.</param>
    /// <param name="oldest">The oldest sequence of this run that the hub's log has, and need not be read here.</param>
    /// <param name="cancellation">Ends the wait.</param>
    Task<HistoryResume> ResumeAsync(EventId after, long oldest, CancellationToken cancellation);

    /// <summary>The events of a time, across runs; null when the file cannot be read.</summary>
    /// <param name="since">Not before this time; null for the oldest event.</param>
    /// <param name="until">Before this time; null for the newest event.</param>
    /// <param name="cancellation">Ends the wait.</param>
    Task<HistoryCursor?> ReadAsync(DateTimeOffset? since, DateTimeOffset? until, CancellationToken cancellation);

    /// <summary>The events of a time, across runs, as a record that can be replayed; null when the file cannot be read.</summary>
    /// <param name="since">Its begin is the last state before this time; null for the oldest event.</param>
    /// <param name="until">Before this time; null for the newest event.</param>
    /// <param name="cancellation">Ends the wait.</param>
    Task<HistoryRecord?> RecordAsync(DateTimeOffset? since, DateTimeOffset? until, CancellationToken cancellation);
}
