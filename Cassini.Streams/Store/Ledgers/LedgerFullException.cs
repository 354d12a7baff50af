namespace Cassini.Streams.Store.Ledgers;

/// <summary>There is no room for a group: the disk is full, or cannot be written to.</summary>
/// <param name="message">What the disk says.</param>
/// <param name="inner">The cause.</param>
internal sealed class LedgerFullException(string message, Exception? inner = null) : IOException(message, inner);
