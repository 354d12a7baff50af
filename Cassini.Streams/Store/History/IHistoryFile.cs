using Cassini.Streams.Events;

namespace Cassini.Streams.Store.History;

/// <summary>An open file that takes the events of one run. For one thread. What fails throws, and leaves whole batches only.</summary>
internal interface IHistoryFile : IDisposable
{
    /// <summary>Adds events of the run in one transaction, and removes what is too old or too much.</summary>
    /// <param name="batch">The events, in their order; some may be in the file already.</param>
    /// <param name="state">A state of health, for replays to begin with; null for none.</param>
    /// <param name="now">The time that the age of events is measured at.</param>
    /// <exception cref="HistoryMovedException">It is not where it was.</exception>
    HistoryTotals Append(IReadOnlyList<EventEnvelope> batch, HistoryState? state, DateTimeOffset now);

    /// <summary>Notes that the run has ended as it should.</summary>
    /// <param name="last">The sequence of its last event.</param>
    /// <param name="now">When.</param>
    void EndRun(long last, DateTimeOffset now);

    /// <summary>Puts the file aside, because a reader found it damaged: it can only be closed then.</summary>
    void PutAside();
}
