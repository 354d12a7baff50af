namespace Cassini.Streams.Store.Ledgers;

/// <summary>What a ledger held when it was opened.</summary>
/// <param name="First">The number of its first group; one more than <paramref name="Last"/> when it is empty.</param>
/// <param name="Last">The number of its last group; 0 when nothing was ever appended.</param>
/// <param name="Bytes">The bytes of all groups.</param>
/// <param name="IsSealed">Whether the run before ended on purpose, or there was none.</param>
internal readonly record struct LedgerExtent(long First, long Last, long Bytes, bool IsSealed);
