namespace Cassini.Streams.Store.Ledgers;

/// <summary>A ledger holds what it must not hold, or misses what it must hold: nothing of it may be guessed.</summary>
/// <param name="message">What is wrong, where, and the way out.</param>
/// <param name="inner">The cause.</param>
internal sealed class LedgerDamagedException(string message, Exception? inner = null) : IOException(message, inner);
