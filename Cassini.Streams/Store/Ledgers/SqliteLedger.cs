using System.Runtime.CompilerServices;

namespace Cassini.Streams.Store.Ledgers;

/// <summary>
/// A ledger in a file of SQLite: one row a group (docs/decisions/0039). Its calls block their thread for as long as the disk takes. After
/// a failure that leaves open whether a group is there, every change fails until it was disposed of and opened again. Groups may be read,
/// and a backup made, on another thread while others are appended, but not while they are trimmed.
/// </summary>
/// <param name="options">Where, and how.</param>
/// <param name="time">When a run began and ended.</param>
internal sealed class SqliteLedger(SqliteLedgerOptions options, TimeProvider time) : ILedger
{
    private SqliteLedgerFile? _open;

    /// <summary>The run before this one; null when there was none: nothing had ever opened the file.</summary>
    public LedgerRun? RunBefore => Opened.RunBefore;

    /// <summary>
    /// Why the last checkpoint failed; null when it did not. Nothing is lost by it: the write-ahead log grows, and the next one copies
    /// everything.
    /// </summary>
    public IOException? CheckpointFailure => Opened.CheckpointFailure;

    private SqliteLedgerFile Opened => _open ?? throw new InvalidOperationException("The ledger is not open.");

    public ValueTask<LedgerExtent> OpenAsync(CancellationToken cancellationToken)
    {
        if (_open is not null)
        {
            throw new InvalidOperationException("The ledger is open.");
        }

        (_open, var extent) = SqliteLedgerFile.Open(options, time);
        return new ValueTask<LedgerExtent>(extent);
    }

    public ValueTask AppendAsync(long number, ReadOnlyMemory<byte> group, bool mayUseReserve = false)
    {
        Opened.Append(number, group.Span, mayUseReserve);
        return ValueTask.CompletedTask;
    }

    public void RequireInPlace() => Opened.RequireInPlace();

    public void GiveBackRoom(bool isShort) => Opened.GiveBackRoom(isShort);

    public IOException? RetryCheckpoint() => Opened.RetryCheckpoint();

    public ValueTask SealAsync()
    {
        Opened.Seal();
        return ValueTask.CompletedTask;
    }

    public async IAsyncEnumerable<LedgerGroup> ReadAsync(
        long from, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var reader = Opened.Read(from);
        while (reader.ReadSlice())
        {
            for (var i = 0; i < reader.Count; i++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                yield return reader[i];
            }
        }

        await ValueTask.CompletedTask;
    }

    public ValueTask<byte[]?> FindAsync(long number, CancellationToken cancellationToken) => new(Opened.Find(number));

    public ValueTask<long> TrimAsync(long before) => new(Opened.Trim(before));

    /// <summary>Gives all free pages back to the file system. A ledger that goes on growing does not need it.</summary>
    /// <exception cref="IOException">The disk says no. No group is lost.</exception>
    public void Shrink()
    {
        while (Opened.Shrink(kept: 0))
        {
        }
    }

    /// <summary>
    /// Writes the ledger as it is at this moment into a new file, a ledger of its own. Meanwhile the write-ahead log cannot begin anew, so
    /// it grows by what is appended. Any thread; it works on the caller's.
    /// </summary>
    /// <param name="path">The full path of the new file. It appears only when it is complete.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="IOException">There is such a file, or it cannot be written, or the ledger cannot be read.</exception>
    public void Backup(string path, CancellationToken cancellationToken) => Opened.Backup(path, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (_open is { } open)
        {
            _open = null;
            await open.DisposeAsync();
        }
    }
}
