namespace Cassini.Streams.Store.History;

/// <summary>What a file holds.</summary>
/// <param name="OldestId">The oldest event; null when there is none.</param>
/// <param name="OldestTime">Its time, as it is written; null when there is none.</param>
/// <param name="Bytes">The size of the file and of its log.</param>
internal readonly record struct HistoryTotals(string? OldestId, string? OldestTime, long Bytes);
