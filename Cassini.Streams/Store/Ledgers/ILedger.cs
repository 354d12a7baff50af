namespace Cassini.Streams.Store.Ledgers;

/// <summary>
/// Where the groups of the journal lie: byte strings with consecutive numbers. They are appended at the end, read from the beginning, and
/// dropped from the beginning. A ledger knows nothing of what is in them. It is used by one caller at a time, on any thread.
/// </summary>
internal interface ILedger : IAsyncDisposable
{
    /// <summary>Opens it for this process alone, and creates it when there is none.</summary>
    /// <returns>What it holds.</returns>
    /// <exception cref="LedgerInUseException">Another process has it.</exception>
    /// <exception cref="LedgerDamagedException">It cannot be read as a ledger, or a newer version has written it.</exception>
    /// <exception cref="IOException">The disk says no.</exception>
    ValueTask<LedgerExtent> OpenAsync(CancellationToken cancellationToken);

    /// <summary>Appends a group. Ends when it is as durable as this ledger makes it.</summary>
    /// <param name="number">The number after the last one; in an empty ledger any that is greater.</param>
    /// <param name="group">The group. It is not looked at any more when this has ended.</param>
    /// <param name="mayUseReserve">
    /// Whether it may take the room that a ledger keeps for a full disk: for groups that make room later, such as acknowledgements.
    /// </param>
    /// <exception cref="LedgerFullException">There is no room; the group is not there, and the next attempt may succeed.</exception>
    /// <exception cref="IOException">
    /// It failed otherwise: whether the group is there is known only after the ledger was closed and opened again.
    /// </exception>
    ValueTask AppendAsync(long number, ReadOnlyMemory<byte> group, bool mayUseReserve = false);

    /// <summary>
    /// Notes that the last group was the last one on purpose. Nothing is changed after it until the ledger is opened again.
    /// </summary>
    ValueTask SealAsync();

    /// <summary>The groups in their order. The bytes are valid until the next one is asked for.</summary>
    /// <param name="from">The first number that is wanted.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="LedgerDamagedException">A number is missing, or the ledger cannot be read.</exception>
    IAsyncEnumerable<LedgerGroup> ReadAsync(long from, CancellationToken cancellationToken);

    /// <summary>One group. Others may be appended or dropped meanwhile; one caller at a time.</summary>
    /// <param name="number">Its number.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The group; null when there is none with this number.</returns>
    /// <exception cref="IOException">It cannot be read.</exception>
    ValueTask<byte[]?> FindAsync(long number, CancellationToken cancellationToken);

    /// <summary>Drops groups at the beginning: as many as take a short time, and at least one. It may use the reserve.</summary>
    /// <param name="before">The first number that is to stay.</param>
    /// <returns>The first number that is there now: less than <paramref name="before"/> when there is more to drop.</returns>
    /// <exception cref="IOException">It failed: some of them may be gone.</exception>
    ValueTask<long> TrimAsync(long before);

    /// <summary>Gives room that it has dropped and does not need back to the file system: a short step, once a second.</summary>
    /// <param name="isShort">Whether room is short: then even what it may need soon is given back.</param>
    /// <exception cref="IOException">As <see cref="AppendAsync"/>; not when there is no room for that.</exception>
    void GiveBackRoom(bool isShort)
    {
        // Most ledgers need not.
    }

    /// <summary>Looks whether what was appended is still where it was, as far as that costs nothing.</summary>
    /// <exception cref="IOException">It is not: what is appended from now on would be lost.</exception>
    void RequireInPlace()
    {
        // Most ledgers cannot be moved.
    }

    /// <summary>Begins once more what tidies up behind the appends, if that failed. Call it once in a while. It does not wait.</summary>
    /// <returns>Why it failed last; null when it did not. Nothing is lost by it, but the ledger takes more and more room.</returns>
    IOException? RetryCheckpoint() => null;
}
