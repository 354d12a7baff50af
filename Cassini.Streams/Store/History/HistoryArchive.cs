using Microsoft.Data.Sqlite;

namespace Cassini.Streams.Store.History;

/// <summary>A history that this process does not write, for reading. A broker may write it meanwhile.</summary>
internal static class HistoryArchive
{
    /// <summary>What every SQLite database begins with.</summary>
    private static ReadOnlySpan<byte> Magic => "SQLite format 3\0"u8;

    /// <summary>Whether a file is an SQLite database.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">There is no permission for it.</exception>
    public static bool IsDatabase(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        Span<byte> begin = stackalloc byte[Magic.Length];
        return file.ReadAtLeast(begin, begin.Length, throwOnEndOfStream: false) == begin.Length && begin.SequenceEqual(Magic);
    }

    /// <summary>Opens it, to be read as a record.</summary>
    /// <param name="path">The full path of the file.</param>
    /// <param name="since">From the last state before this time; null for all of it.</param>
    /// <exception cref="InvalidDataException">It cannot be read: the message ends a sentence that begins with the path.</exception>
    public static HistoryRecordStream Open(string path, DateTimeOffset? since)
    {
        SqliteConnection? connection = null;
        try
        {
            connection = OpenToRead(path);
            if (HistoryConnection.ProblemOf(connection) is { } problem)
            {
                throw new InvalidDataException(problem.Message);
            }

            return new HistoryRecordStream(RecordOf(connection, since));
        }
        catch (Exception failure)
        {
            connection?.Dispose();
            throw failure is SqliteException problem ? new InvalidDataException(ProblemOf(problem), failure) : failure;
        }
    }

    /// <summary>Why it cannot be read, as the end of a sentence that begins with the path.</summary>
    public static string ProblemOf(SqliteException failure) => failure.SqliteErrorCode switch
    {
        SQLitePCL.raw.SQLITE_BUSY or SQLitePCL.raw.SQLITE_LOCKED =>
            "is in use: another program has locked it; a broker that writes it does not",
        SQLitePCL.raw.SQLITE_CORRUPT or SQLitePCL.raw.SQLITE_NOTADB => $"is damaged: {failure.Message}",
        SQLitePCL.raw.SQLITE_CANTOPEN or SQLitePCL.raw.SQLITE_READONLY =>
            "cannot be opened: it was not closed, and only who may write in the directory can read its log beside it; copy both files",
        _ => $"cannot be read: {failure.Message}",
    };

    private static HistoryRecord RecordOf(SqliteConnection connection, DateTimeOffset? since)
    {
        var begin = since is { } time ? $" since {HistoryText.Of(time)}" : "";
        var events = connection.Number("SELECT count(*) FROM (SELECT 1 FROM events WHERE time >= @since LIMIT 1)",
            ("@since", since is null ? "" : HistoryText.Of(since.Value)));
        if (events == 0)
        {
            throw new InvalidDataException($"has no events{begin}");
        }

        if (!HistoryReader.HasState(connection))
        {
            throw new InvalidDataException(
                "has no state of health to begin with: it was written by a version of Cassini that wrote events alone");
        }

        return HistoryReader.Record(connection, new HistoryReading(new SemaphoreSlim(1), static _ => { }), since, null);
    }

    /// <summary>
    /// A file with an empty log can be read on a read-only disk when it is opened as immutable.
    /// </summary>
    private static SqliteConnection OpenToRead(string path)
    {
        var connection = HistoryConnection.OpenToRead(path);
        try
        {
            connection.Number("PRAGMA user_version");
            return connection;
        }
        catch (SqliteException failure)
            when (failure.SqliteErrorCode is SQLitePCL.raw.SQLITE_CANTOPEN or SQLitePCL.raw.SQLITE_READONLY && HasNoLog(path))
        {
            connection.Dispose();
            return HistoryConnection.OpenToRead(new Uri(path).AbsoluteUri + "?immutable=1");
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private static bool HasNoLog(string path)
    {
        var log = new FileInfo(path + HistoryConnection.LogSuffix);
        return !log.Exists || log.Length == 0;
    }
}
