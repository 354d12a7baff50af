using Cassini.Streams.Events;
using Microsoft.Data.Sqlite;

namespace Cassini.Streams.Store.History;

/// <summary>
/// Removes the oldest events when they are too old or the file is too large: always from the begin, so that what is kept has no hole.
/// </summary>
internal static class HistoryRetention
{
    /// <summary>Looked at and removed at once, so that a commit stays short; the next one goes on.</summary>
    private const int Slice = 8_192;

    /// <summary>A file that is too large loses one of so many parts.</summary>
    private const int Parts = 16;

    /// <summary>The most runs kept, for a process that is started over and over.</summary>
    private const int MostRuns = 1_000;

    /// <summary>Within the writer's transaction: removes what is too much.</summary>
    /// <param name="connection">The writer's.</param>
    /// <param name="options">How much to keep.</param>
    /// <param name="added">How many events the transaction added: at least so many can go.</param>
    public static void ApplySize(SqliteConnection connection, HistoryOptions options, int added)
    {
        if (UsedBytes(connection) > options.MaxBytes)
        {
            var oldest = connection.Number("SELECT min(row) FROM events") ?? 0;
            var newest = connection.Number("SELECT max(row) FROM events") ?? 0;
            Remove(connection, Math.Min(newest, oldest + Math.Max(2 * added, (newest - oldest) / Parts)));
        }
    }

    /// <summary>Within the writer's transaction: removes what is too old, and runs of which nothing is left.</summary>
    /// <param name="connection">The writer's.</param>
    /// <param name="options">How much to keep.</param>
    /// <param name="now">The time that the age of events is measured at.</param>
    /// <param name="current">The run that writes, which is never removed.</param>
    /// <returns>Whether more may be too old: the next transaction goes on.</returns>
    public static bool ApplyAge(SqliteConnection connection, HistoryOptions options, DateTimeOffset now, Epoch current)
    {
        var cutoff = HistoryText.Of(now - options.MaxAge);
        var before = connection.Number("SELECT min(row) FROM events");
        var through = connection.Number(
            "SELECT max(row) FROM (SELECT row, time FROM events ORDER BY row LIMIT @slice) WHERE time < @cutoff",
            ("@slice", Slice),
            ("@cutoff", cutoff));
        if (through is { } row)
        {
            Remove(connection, row);
        }

        connection.Execute(
            $"""
            DELETE FROM runs WHERE epoch <> @current
                AND NOT EXISTS (SELECT 1 FROM events WHERE row > runs.base AND row <= runs.base + coalesce(
                    (SELECT min(base) - runs.base FROM runs AS later WHERE later.base > runs.base), 0))
                AND (coalesce(ended, started) < @cutoff
                    OR base < (SELECT min(base) FROM (SELECT base FROM runs ORDER BY base DESC LIMIT {MostRuns})))
            """,
            ("@current", current.ToString()), ("@cutoff", cutoff));
        return through - before >= Slice - 1;
    }

    /// <summary>Gives pages that are free back to the system while the file is too large. Outside of a transaction.</summary>
    public static void Shrink(SqliteConnection connection, HistoryOptions options)
    {
        var tooMany = (FileBytes(connection) - options.MaxBytes) / PageSize(connection);
        if (tooMany > 0 && Free(connection) > 0)
        {
            connection.Execute($"PRAGMA incremental_vacuum({Math.Min(tooMany, Slice)})");
        }
    }

    /// <summary>Removes a prefix, and notes in each run how far.</summary>
    private static void Remove(SqliteConnection connection, long row)
    {
        connection.Execute("DELETE FROM events WHERE row <= @row", ("@row", row));
        connection.Execute("DELETE FROM states WHERE row < @row", ("@row", row));
        connection.Execute(
            """
            UPDATE runs SET removed = min(
                @row, coalesce((SELECT min(base) - 1 FROM runs AS later WHERE later.base > runs.base), @row)) - base
            WHERE base < @row
            """,
            ("@row", row));
    }

    /// <summary>The size of the file, once its log is in it.</summary>
    public static long FileBytes(SqliteConnection connection) => (connection.Number("PRAGMA page_count") ?? 0) * PageSize(connection);

    private static long UsedBytes(SqliteConnection connection) => FileBytes(connection) - (Free(connection) * PageSize(connection));

    private static long PageSize(SqliteConnection connection) => connection.Number("PRAGMA page_size") ?? 4_096;

    private static long Free(SqliteConnection connection) => connection.Number("PRAGMA freelist_count") ?? 0;
}
