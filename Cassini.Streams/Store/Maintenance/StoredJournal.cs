using Cassini.Streams.Primitives;
using Cassini.Streams.Store.Ledgers;
using Cassini.Streams.Store.Ledgers.Sqlite;

namespace Cassini.Streams.Store.Maintenance;

/// <summary>
/// The directory of a journal, opened to read it as it was at that moment. Nothing in it is changed. While it is open, no broker can start
/// on it; one that runs goes on, but its write-ahead log cannot begin anew. One thread at a time.
/// </summary>
internal sealed class StoredJournal : IDisposable
{
    private readonly LedgerLock? _held;

    private StoredJournal(string directory, Database database, LedgerLock? held, string? usedBy)
    {
        Directory = directory;
        Database = database;
        _held = held;
        UsedBy = usedBy;
    }

    /// <summary>Its full path.</summary>
    public string Directory { get; }

    public Database Database { get; }

    /// <summary>The process that writes it; null when there is none.</summary>
    public string? UsedBy { get; }

    /// <summary>The bytes of the database.</summary>
    public long FileBytes => Size(JournalFormat.FileName);

    /// <summary>The bytes of its log, those that are not in use any more included.</summary>
    public long LogBytes => Size($"{JournalFormat.FileName}-wal");

    /// <summary>Opens it.</summary>
    /// <param name="directory">The full path.</param>
    /// <exception cref="LedgerDamagedException">It is so damaged that nothing of it can be read, or a newer version wrote it.</exception>
    /// <exception cref="IOException">It is no journal, or cannot be read.</exception>
    public static StoredJournal Open(string directory)
    {
        LedgerLock? held = null;
        Database? database = null;
        try
        {
            RequireJournal(directory);
            LedgerPlace.RequireFiles(directory);
            held = LedgerLock.TakeToRead(directory, out var usedBy);
            var path = Path.Combine(directory, JournalFormat.FileName);
            JournalFormat.Check(path);
            database = Database.OpenToRead(path, isShared: usedBy is not null);

            // All is read in one transaction: what the process appends or drops meanwhile is not seen.
            database.Execute("BEGIN");
            database.Number("SELECT count(*) FROM sqlite_schema");
            return new StoredJournal(directory, database, held, usedBy);
        }
        catch (Exception failure)
        {
            database?.Dispose();
            held?.Dispose();
            if (failure is UnauthorizedAccessException)
            {
                throw LedgerPlace.ProblemOf(directory, failure);
            }

            throw;
        }
    }

    /// <exception cref="IOException">There is no journal in the directory.</exception>
    public static void RequireJournal(string directory)
    {
        if (File.Exists(directory))
        {
            throw new IOException($"{directory} is a file, not the directory of a journal.");
        }

        if (!System.IO.Directory.Exists(directory))
        {
            throw new IOException($"There is no directory {directory}.");
        }

        var path = Path.Combine(directory, JournalFormat.FileName);
        if (!File.Exists(path) && RegularFile.Problem(path) is null)
        {
            RequirePermission(directory);
            throw File.Exists(path + "-wal")
                ? new LedgerDamagedException($"{path} is gone, but its log {path}-wal is there: put the file back.")
                : new IOException($"{directory} is not the directory of a journal: it has no {JournalFormat.FileName}.");
        }
    }

    /// <summary>Nothing is seen in a directory that may not be read.</summary>
    private static void RequirePermission(string directory)
    {
        try
        {
            _ = System.IO.Directory.EnumerateFileSystemEntries(directory).Any();
        }
        catch (UnauthorizedAccessException failure)
        {
            throw LedgerPlace.ProblemOf(directory, failure);
        }
    }

    public void Dispose()
    {
        Database.Dispose();
        _held?.Dispose();
    }

    private long Size(string name) => new FileInfo(Path.Combine(Directory, name)) is { Exists: true, Length: var length } ? length : 0;
}
