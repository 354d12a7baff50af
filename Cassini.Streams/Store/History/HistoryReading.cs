namespace Cassini.Streams.Store.History;

/// <summary>What the cursors of a host share.</summary>
/// <param name="Turns">Who may read at the same time.</param>
/// <param name="Failed">Gets what a read threw, before the cursor's caller does. Any thread; it must not throw.</param>
internal sealed record HistoryReading(SemaphoreSlim Turns, Action<Exception> Failed);
