namespace Cassini.Streams.Store.History;

/// <summary>The state of health at one instant, from which the events after it can be folded on.</summary>
/// <param name="Header">The first line of a record, without its line end.</param>
/// <param name="Through">The sequence of the last event that the state includes.</param>
internal readonly record struct HistoryState(byte[] Header, long Through);
