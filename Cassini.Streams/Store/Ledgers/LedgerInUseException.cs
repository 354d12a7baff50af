namespace Cassini.Streams.Store.Ledgers;

/// <summary>Another process has the ledger.</summary>
/// <param name="message">Which one, as far as it is known.</param>
/// <param name="inner">The cause.</param>
internal sealed class LedgerInUseException(string message, Exception? inner = null) : IOException(message, inner);
