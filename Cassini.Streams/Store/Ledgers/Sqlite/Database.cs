using System.Runtime.InteropServices;
using SQLitePCL;

namespace Cassini.Streams.Store.Ledgers.Sqlite;

/// <summary>
/// A connection to a file of SQLite, by its own functions: through ADO.NET each append would allocate and copy its group
/// (docs/decisions/0039). One thread at a time. What fails throws what a ledger throws (<see cref="SqliteProblem"/>).
/// </summary>
internal sealed class Database : IDisposable
{
    /// <summary>How long it waits for another program that has the file locked, such as the sqlite3 shell.</summary>
    private const int BusyMilliseconds = 2000;

    /// <summary>
    /// Older ones may lose a commit when a second connection checkpoints at the same time (https://sqlite.org/wal.html#walresetbug).
    /// </summary>
    private const int OldestVersion = 3_051_003;

    /// <summary>SQLite's own access to files, without locks.</summary>
    private static readonly string WithoutLocks = OperatingSystem.IsWindows() ? "win32-none" : "unix-none";

    private readonly sqlite3 _handle;
    private readonly string _path;

    static Database()
    {
        Batteries_V2.Init();
        if (raw.sqlite3_libversion_number() < OldestVersion)
        {
            throw new NotSupportedException(
                $"SQLite {raw.sqlite3_libversion().utf8_to_string()} may damage the journal; it must be 3.51.3 or newer.");
        }
    }

    private Database(sqlite3 handle, string path)
    {
        _handle = handle;
        _path = path;
    }

    /// <summary>Opens a file.</summary>
    /// <param name="path">Its full path.</param>
    /// <param name="create">Whether it is created when there is none.</param>
    public static Database Open(string path, bool create = false)
    {
        var flags = raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_NOMUTEX | (create ? raw.SQLITE_OPEN_CREATE : 0);
        var code = raw.sqlite3_open_v2(path, out var handle, flags, null);
        var database = new Database(handle, path);
        try
        {
            database.Prepare(code);
            return database;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Opens a file to read it. Neither it nor its log is changed, and no file appears beside it.
    /// </summary>
    /// <param name="path">Its full path.</param>
    /// <param name="isShared">
    /// Whether another process may have it open: then it is read under SQLite's locks, through the index of the log that is there.
    /// Otherwise the caller keeps every other process away.
    /// </param>
    public static Database OpenToRead(string path, bool isShared)
    {
        // Without locks the index of the log is made in memory. Where there is no log, SQLite would create one.
        var log = new FileInfo(path + "-wal");
        var isLogNeeded = isShared || log is { Exists: true, Length: > 0 };
        var name = isLogNeeded ? path : $"{new Uri(path).AbsoluteUri}?immutable=1";
        var flags = raw.SQLITE_OPEN_READONLY | raw.SQLITE_OPEN_NOMUTEX | (isLogNeeded ? 0 : raw.SQLITE_OPEN_URI);
        var code = raw.sqlite3_open_v2(name, out var handle, flags, isShared || !isLogNeeded ? null : WithoutLocks);
        var database = new Database(handle, path);
        try
        {
            database.Prepare(code);
            database.KeepLogAtEnd(true);
            database.Execute(isShared ? "PRAGMA query_only = ON" : "PRAGMA locking_mode = EXCLUSIVE");
            return database;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    /// <summary>Runs statements whose rows nobody wants.</summary>
    public void Execute(string sql) => Check(raw.sqlite3_exec(_handle, sql));

    /// <summary>Prepares a statement, to be run often. It is disposed before this is.</summary>
    public Statement Prepare(string sql)
    {
        Check(raw.sqlite3_prepare_v3(_handle, sql, raw.SQLITE_PREPARE_PERSISTENT, out var statement));
        return new Statement(this, statement);
    }

    /// <summary>The first column of the first row; null when there is no row, or nothing in it.</summary>
    public long? Number(string sql)
    {
        using var statement = Prepare(sql);
        return statement.Step() && !statement.IsNull(0) ? statement.Number(0) : null;
    }

    /// <summary>The same for text.</summary>
    public string? Text(string sql)
    {
        using var statement = Prepare(sql);
        return statement.Step() && !statement.IsNull(0) ? statement.Text(0) : null;
    }

    /// <summary>Ends a transaction without its changes, if one is open. After some failures SQLite has done so itself.</summary>
    public void Rollback()
    {
        if (raw.sqlite3_get_autocommit(_handle) == 0)
        {
            Execute("ROLLBACK");
        }
    }

    /// <summary>Copies what is in the write-ahead log into the database, without waiting for anyone.</summary>
    /// <returns>How many pages of the log are in the database now; 0 also when another connection just began the log anew.</returns>
    public int Checkpoint()
    {
        var code = raw.sqlite3_wal_checkpoint_v2(_handle, "main", raw.SQLITE_CHECKPOINT_PASSIVE, out _, out var copied);
        if ((code & 0xFF) == raw.SQLITE_BUSY)
        {
            return 0;
        }

        Check(code);
        return copied;
    }

    /// <summary>The same, and empties the log. Waits for readers.</summary>
    public void CheckpointAndTruncate() =>
        Check(raw.sqlite3_wal_checkpoint_v2(_handle, "main", raw.SQLITE_CHECKPOINT_TRUNCATE, out _, out _));

    /// <summary>
    /// Whether the log stays as it is when this connection is the last one to end. Otherwise SQLite copies it into the database, and
    /// removes it.
    /// </summary>
    public void KeepLogAtEnd(bool keeps) =>
        Check(raw.sqlite3_db_config(_handle, raw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, keeps ? 1 : 0, out _));

    /// <summary>Copies everything into another database.</summary>
    /// <param name="target">The other one.</param>
    /// <param name="pagesAtOnce">After how many pages cancellation is looked at.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public void CopyTo(Database target, int pagesAtOnce, CancellationToken cancellationToken)
    {
        using var backup = raw.sqlite3_backup_init(target._handle, "main", _handle, "main");
        if (backup is null || backup.IsInvalid)
        {
            throw target.Failure(raw.sqlite3_extended_errcode(target._handle));
        }

        int code;
        do
        {
            cancellationToken.ThrowIfCancellationRequested();
            code = raw.sqlite3_backup_step(backup, pagesAtOnce);
        }
        while (code == raw.SQLITE_OK);

        if (code != raw.SQLITE_DONE)
        {
            // The code does not name the file. It was the target if that has an error, and always when a disk is full.
            var isOfTarget = (code & 0xFF) == raw.SQLITE_FULL
                || raw.sqlite3_errcode(target._handle) is not (raw.SQLITE_OK or raw.SQLITE_DONE);
            throw (isOfTarget ? target : this).Failure(code);
        }
    }

    public void Dispose() => _handle.manual_close_v2();

    /// <summary>Throws what a code means, unless it means success.</summary>
    internal void Check(int code)
    {
        if (code is not (raw.SQLITE_OK or raw.SQLITE_ROW or raw.SQLITE_DONE))
        {
            throw Failure(code);
        }
    }

    private void Prepare(int opened)
    {
        Check(opened);
        raw.sqlite3_extended_result_codes(_handle, 1);
        raw.sqlite3_busy_timeout(_handle, BusyMilliseconds);
        Execute("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA secure_delete = OFF");
    }

    private IOException Failure(int code)
    {
        // A backup leaves no message.
        var message = raw.sqlite3_errcode(_handle) == raw.SQLITE_OK ? raw.sqlite3_errstr(code) : raw.sqlite3_errmsg(_handle);
        return SqliteProblem.Of(code, SystemError(_handle), $"{_path}: {message.utf8_to_string()}");
    }

    /// <summary>The operating system's error number of the last failure of a file operation.</summary>
    private static int SystemError(sqlite3 handle) => handle.IsInvalid ? 0 : sqlite3_system_errno(handle);

    // The package does not have it.
    [DllImport("e_sqlite3")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.AssemblyDirectory | DllImportSearchPath.SafeDirectories)]
    private static extern int sqlite3_system_errno(sqlite3 db);
}
