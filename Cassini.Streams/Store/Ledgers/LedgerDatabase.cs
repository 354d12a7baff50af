using Cassini.Streams.Store.Ledgers.Sqlite;

namespace Cassini.Streams.Store.Ledgers;

/// <summary>Opens the database of a ledger, after it has looked whether SQLite may touch it.</summary>
internal static class LedgerDatabase
{
    /// <summary>A log that grew to so many times what a checkpoint waits for, because someone read for long, is cut again.</summary>
    private const int LogLimit = 4;

    public static string PathOf(SqliteLedgerOptions options) => Path.Combine(options.Directory, JournalFormat.FileName);

    /// <summary>Nothing is made in its place: whoever has moved the directory may want to move it back.</summary>
    public static void RequireThatItMayBeCreated(SqliteLedgerOptions options)
    {
        if (!options.MayCreate && !File.Exists(PathOf(options)))
        {
            throw new LedgerDamagedException($"{PathOf(options)} is gone: it was moved or deleted while it was in use.");
        }
    }

    /// <summary>Opens it, and creates it when there is none.</summary>
    /// <exception cref="LedgerDamagedException">It is no ledger, a newer version has written it, or its log may be elsewhere.</exception>
    /// <exception cref="IOException">The disk says no.</exception>
    public static Database Open(SqliteLedgerOptions options)
    {
        var path = PathOf(options);
        if (!File.Exists(path))
        {
            if (File.Exists(path + "-wal"))
            {
                throw new LedgerDamagedException(
                    $"{path} is gone, but its log {path}-wal is there: put the file back, or move the log away to begin anew.");
            }

            JournalFormat.Create(path, options.PageSize);
        }

        if (new FileInfo(path).LinkTarget is { } target)
        {
            // SQLite would look for the log beside the target.
            throw new LedgerDamagedException(
                $"{path} is a symbolic link to {target}: its log may lie beside the link, and would be missed. Link the directory.");
        }

        JournalFormat.Check(path);
        var database = Database.Open(path);
        try
        {
            var synchronous = options.Durability == LedgerDurability.Flush ? "FULL" : "NORMAL";
            database.KeepLogAtEnd(true);
            database.Execute(
                $"PRAGMA wal_autocheckpoint = 0; PRAGMA synchronous = {synchronous}; "
                + $"PRAGMA journal_size_limit = {LogLimit * options.CheckpointBytes}");
            return database;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }
}
