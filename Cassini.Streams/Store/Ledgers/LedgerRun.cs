namespace Cassini.Streams.Store.Ledgers;

/// <summary>The time from one opening of a ledger to its end.</summary>
/// <param name="Number">1 for the first.</param>
/// <param name="StartedAt">When it was opened, UTC.</param>
/// <param name="EndedAt">When it was sealed, UTC; null when it ended otherwise, or has not ended.</param>
internal sealed record LedgerRun(long Number, DateTimeOffset StartedAt, DateTimeOffset? EndedAt);
