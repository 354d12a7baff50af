using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Cassini.Streams.Store.History;

/// <summary>Opens the file, for its writer and for its readers.</summary>
internal static class HistoryConnection
{
    /// <summary>The name of the file in its directory.</summary>
    public const string FileName = "history.db";

    /// <summary>What SQLite adds to the name for its log and for the memory that its users share.</summary>
    public const string LogSuffix = "-wal";

    /// <inheritdoc cref="LogSuffix"/>
    public const string SharedSuffix = "-shm";

    /// <summary>"Cass", so that <c>file</c> and this program know whose file it is.</summary>
    private const long ApplicationId = 0x43617373;

    /// <summary>The version of the tables.</summary>
    private const long Version = 1;

    /// <summary>
    /// The states that replays begin with, by the row of the last event that each includes. Files of the first programs lack it, and such
    /// programs do not miss it, so it needs no other version.
    /// </summary>
    private const string States = "CREATE TABLE IF NOT EXISTS states (row INTEGER PRIMARY KEY, json TEXT NOT NULL)";

    /// <summary>Another connection may be at work for a moment, such as that of a person.</summary>
    private const int BusySeconds = 5;

    /// <summary>
    /// The tables. A row's number is the base of its run and its sequence, so that one index serves both. Times are text that sorts.
    /// </summary>
    private const string Tables = """
        CREATE TABLE runs (
            epoch TEXT NOT NULL PRIMARY KEY,
            base INTEGER NOT NULL UNIQUE,
            started TEXT NOT NULL,
            ended TEXT,
            how TEXT,
            detail TEXT,
            cassini TEXT NOT NULL,
            boot TEXT,
            last INTEGER,
            removed INTEGER NOT NULL DEFAULT 0);
        CREATE TABLE events (
            row INTEGER PRIMARY KEY,
            epoch TEXT NOT NULL,
            sequence INTEGER NOT NULL,
            time TEXT NOT NULL,
            type TEXT NOT NULL,
            category TEXT NOT NULL,
            json TEXT NOT NULL);
        CREATE INDEX events_time ON events (time);
        """;

    /// <summary>Opens it for the writer, and makes the tables in a new file.</summary>
    /// <exception cref="HistoryUnusableException">It is of a newer version, or no history.</exception>
    /// <exception cref="SqliteException">It cannot be opened or written, or is damaged (<see cref="IsDamage"/>).</exception>
    public static SqliteConnection OpenToWrite(string path)
    {
        var connection = Open(path, SqliteOpenMode.ReadWriteCreate);
        try
        {
            Prepare(connection);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Opens it for a reader, while another connection writes it.</summary>
    /// <exception cref="SqliteException">It cannot be opened, or is no history.</exception>
    public static SqliteConnection OpenToRead(string path) => Open(path, SqliteOpenMode.ReadOnly);

    /// <summary>Whether the file itself is to blame.</summary>
    public static bool IsDamage(SqliteException failure) =>
        failure.SqliteErrorCode is SQLitePCL.raw.SQLITE_CORRUPT or SQLitePCL.raw.SQLITE_NOTADB;

    /// <summary>Why this version cannot use a file that is not empty; null when it can.</summary>
    /// <exception cref="SqliteException">It cannot be read.</exception>
    public static HistoryUnusableException? ProblemOf(SqliteConnection connection)
    {
        if (connection.Number("PRAGMA application_id") != ApplicationId)
        {
            return new HistoryUnusableException(HistoryUnusableException.Damaged, "is an SQLite database, but no history of Cassini");
        }

        var version = connection.Number("PRAGMA user_version");
        return version > Version
            ? new HistoryUnusableException(
                HistoryUnusableException.Newer,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"was written by a newer version of Cassini: its format is {version}, and this one knows {Version}"))
            : null;
    }

    public static SqliteCommand Command(this SqliteConnection connection, string text, params (string Name, object? Value)[] parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = text;
        foreach (var (name, value) in parameters)
        {
            command.Parameters.AddWithValue(name, value ?? DBNull.Value);
        }

        return command;
    }

    public static int Execute(this SqliteConnection connection, string text, params (string Name, object? Value)[] parameters)
    {
        using var command = connection.Command(text, parameters);
        return command.ExecuteNonQuery();
    }

    /// <summary>A whole number; null for a result without one.</summary>
    public static long? Number(this SqliteConnection connection, string text, params (string Name, object? Value)[] parameters)
    {
        using var command = connection.Command(text, parameters);
        return command.ExecuteScalar() as long?;
    }

    private static SqliteConnection Open(string path, SqliteOpenMode mode)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = mode,
            Pooling = false,
            DefaultTimeout = BusySeconds,
        }.ToString());
        try
        {
            connection.Open();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private static void Prepare(SqliteConnection connection)
    {
        var isNew = connection.Number("PRAGMA application_id") == 0 && connection.Number("PRAGMA user_version") == 0
            && connection.Number("SELECT count(*) FROM sqlite_schema") == 0;
        if (!isNew && ProblemOf(connection) is { } problem)
        {
            throw problem;
        }

        if (isNew)
        {
            // Before the first table: it decides how the pages are laid out.
            connection.Execute("PRAGMA auto_vacuum = INCREMENTAL");
        }

        // A commit writes and does not flush: a killed process loses nothing of it, and a power cut what the system had not written yet.
        connection.Execute("PRAGMA journal_mode = WAL");
        connection.Execute("PRAGMA synchronous = NORMAL");
        connection.Execute("PRAGMA journal_size_limit = 4194304");
        if (isNew)
        {
            using var transaction = connection.BeginTransaction();
            connection.Execute(Tables);
            connection.Execute(States);
            connection.Execute(string.Create(CultureInfo.InvariantCulture, $"PRAGMA application_id = {ApplicationId}"));
            connection.Execute(string.Create(CultureInfo.InvariantCulture, $"PRAGMA user_version = {Version}"));
            transaction.Commit();
        }
        else
        {
            connection.Execute(States);
        }
    }
}
