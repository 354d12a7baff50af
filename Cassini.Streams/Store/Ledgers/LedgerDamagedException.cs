namespace Cassini.Streams.Store.Ledgers;

/// <summary>A ledger holds what it must not hold, or misses what it must hold: nothing of it may be guessed.</summary>
/// <param name="message">What is wrong, and where.</param>
/// <param name="inner">The cause.</param>
internal sealed class LedgerDamagedException(string message, Exception? inner = null) : IOException(message, inner)
{
    /// <summary>
    /// Whether a repair is no way out: it belongs to a newer version, or to another program, or there is nothing in it.
    /// </summary>
    public bool IsForeign { get; init; }
}
