using SQLitePCL;

namespace Cassini.Streams.Store.Ledgers.Sqlite;

/// <summary>What a result code of SQLite means for a ledger (https://sqlite.org/rescode.html).</summary>
internal static class SqliteProblem
{
    private const int NoSpaceLeft = 28;
    private const int ReadOnlyFileSystem = 30;
    private const int QuotaExceeded = 122;

    private const int WriteFailed = raw.SQLITE_IOERR_WRITE;
    private const int LogIndexDoesNotGrow = raw.SQLITE_IOERR_SHMSIZE;
    private const int FileSystemIsDamaged = raw.SQLITE_IOERR | (33 << 8);
    private const int FileWasMoved = raw.SQLITE_READONLY_DBMOVED;

    /// <param name="code">The extended result code.</param>
    /// <param name="systemError">The error number of the operating system behind it; 0 when there is none.</param>
    /// <param name="message">What SQLite says, with the path.</param>
    public static IOException Of(int code, int systemError, string message)
    {
        var text = $"{message} (SQLite {code}{(systemError == 0 ? "" : $", errno {systemError}")})";
        if (code == FileWasMoved)
        {
            return new IOException(text);
        }

        return (code & 0xFF) switch
        {
            raw.SQLITE_FULL or raw.SQLITE_READONLY => new LedgerFullException(text),

            // A write that found no room is taken back completely. A flush that failed is not: what reached the disk is unknown.
            raw.SQLITE_IOERR when code is WriteFailed or LogIndexDoesNotGrow
                && systemError is NoSpaceLeft or ReadOnlyFileSystem or QuotaExceeded => new LedgerFullException(text),
            raw.SQLITE_IOERR when code != FileSystemIsDamaged => new IOException(text),
            raw.SQLITE_BUSY or raw.SQLITE_LOCKED => new LedgerInUseException($"{text}: another program has it open."),
            raw.SQLITE_CANTOPEN or raw.SQLITE_PERM or raw.SQLITE_NOMEM or raw.SQLITE_PROTOCOL or raw.SQLITE_INTERRUPT
                or raw.SQLITE_MISUSE or raw.SQLITE_NOLFS => new IOException(text),

            // What is left is damage, or looks like it: a table that is not there, a number that is there twice.
            _ => new LedgerDamagedException(text),
        };
    }
}
