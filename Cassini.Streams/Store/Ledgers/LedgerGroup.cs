namespace Cassini.Streams.Store.Ledgers;

/// <summary>One group of a ledger.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Bytes">What was appended.</param>
internal readonly record struct LedgerGroup(long Number, ReadOnlyMemory<byte> Bytes);
