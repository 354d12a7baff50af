using Cassini.Streams.Store.Ledgers;
using Cassini.Streams.Store.Ledgers.Sqlite;

namespace Cassini.Tests.Store.Ledgers;

public class SqliteProblemTests
{
    private const int IoError = 10;

    [Theory]
    [InlineData(13, 0, typeof(LedgerFullException))] // SQLITE_FULL
    [InlineData(8, 0, typeof(LedgerFullException))] // SQLITE_READONLY
    [InlineData(8 | (4 << 8), 0, typeof(IOException))] // SQLITE_READONLY_DBMOVED
    [InlineData(IoError | (3 << 8), 28, typeof(LedgerFullException))] // SQLITE_IOERR_WRITE, ENOSPC
    [InlineData(IoError | (3 << 8), 122, typeof(LedgerFullException))] // SQLITE_IOERR_WRITE, EDQUOT
    [InlineData(IoError | (3 << 8), 30, typeof(LedgerFullException))] // SQLITE_IOERR_WRITE, EROFS
    [InlineData(IoError | (3 << 8), 5, typeof(IOException))] // SQLITE_IOERR_WRITE, EIO
    [InlineData(IoError | (19 << 8), 28, typeof(LedgerFullException))] // SQLITE_IOERR_SHMSIZE, ENOSPC
    [InlineData(IoError | (4 << 8), 28, typeof(IOException))] // SQLITE_IOERR_FSYNC, ENOSPC: how much arrived is unknown
    [InlineData(IoError | (33 << 8), 0, typeof(LedgerDamagedException))] // SQLITE_IOERR_CORRUPTFS
    [InlineData(11, 0, typeof(LedgerDamagedException))] // SQLITE_CORRUPT
    [InlineData(26, 0, typeof(LedgerDamagedException))] // SQLITE_NOTADB
    [InlineData(1, 0, typeof(LedgerDamagedException))] // SQLITE_ERROR: no such table
    [InlineData(5, 0, typeof(LedgerInUseException))] // SQLITE_BUSY
    [InlineData(14, 0, typeof(IOException))] // SQLITE_CANTOPEN
    public void Problem_OfACode_IsWhatALedgerThrows(int code, int systemError, Type expected)
    {
        var problem = SqliteProblem.Of(code, systemError, "/data/journal.db: it says why");
        problem.ShouldBeOfType(expected);
        problem.Message.ShouldContain("/data/journal.db: it says why");
    }
}
