using System.Collections.Immutable;
using Cassini.Streams.Events;
using Microsoft.Data.Sqlite;

namespace Cassini.Streams.Store.History;

/// <summary>Questions to the file. Each method asks one connection, and throws what SQLite throws.</summary>
internal static class HistoryReader
{
    /// <summary>The newest runs, the oldest of them first.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="most">How many.</param>
    public static ImmutableArray<HistoryRun> Runs(SqliteConnection connection, int most = int.MaxValue)
    {
        var runs = ImmutableArray.CreateBuilder<HistoryRun>();
        using var command = connection.Command(
            """
            SELECT epoch, started, cassini, how, ended, detail, base, removed,
                coalesce(
                    last,
                    (SELECT sequence FROM events WHERE row > runs.base AND row <= coalesce(
                        (SELECT min(base) FROM runs AS later WHERE later.base > runs.base), 9223372036854775807)
                        ORDER BY row DESC LIMIT 1),
                    0)
            FROM runs ORDER BY base DESC LIMIT @most
            """,
            ("@most", most));
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            if (Epoch.TryParse(reader.GetString(0), out var epoch) && HistoryText.TimeOf(reader.GetString(1)) is { } started)
            {
                runs.Add(new HistoryRun(epoch, started, reader.GetString(2))
                {
                    End = HistoryText.EndOf(Text(reader, 3)),
                    EndedAt = HistoryText.TimeOf(Text(reader, 4)),
                    Detail = Text(reader, 5),
                    Base = reader.GetInt64(6),
                    Removed = reader.GetInt64(7),
                    Last = reader.GetInt64(8),
                });
            }
        }

        runs.Reverse();
        return runs.ToImmutable();
    }

    /// <summary>Where a reader can continue that has seen everything up to an event.</summary>
    /// <param name="connection">Becomes the cursor's, when there is one.</param>
    /// <param name="reading">The cursor's.</param>
    /// <param name="after">The last event that it has seen.</param>
    /// <param name="current">The run that writes.</param>
    /// <param name="oldest">The oldest sequence of that run that need not be read here.</param>
    public static HistoryResume Resume(SqliteConnection connection, HistoryReading reading, EventId after, Epoch current, long oldest)
    {
        var runs = Runs(connection);
        var first = runs.FirstOrDefault(run => run.Epoch == after.Epoch);
        if (first is null || runs[^1].Epoch != current)
        {
            return new HistoryResume(HistoryAnswer.UnknownRun);
        }

        if (first.Epoch != current && first.IsComplete && after.Sequence > first.Last)
        {
            return new HistoryResume(HistoryAnswer.NotYet);
        }

        // Of this run only what the hub's log has no longer.
        var missed = runs.RemoveAll(run => run.Base < first.Base);
        var own = oldest > 1 ? runs[^1].Last : 0;
        if (own < oldest - 1)
        {
            return new HistoryResume(HistoryAnswer.Missing);
        }

        foreach (var run in missed)
        {
            var seen = run.Epoch == after.Epoch ? after.Sequence : 0;
            var last = run.Epoch == current ? own : run.Last;
            if (run.Removed > seen || (last > seen && Count(connection, run.Base + seen, run.Base + last) != last - seen))
            {
                return new HistoryResume(HistoryAnswer.Missing);
            }
        }

        // A run that was killed may have sent events that it did not write.
        var from = first.Base + Math.Min(after.Sequence, first.Epoch == current ? own : first.Last);
        return new HistoryResume(
            HistoryAnswer.Resumed, new HistoryCursor(connection, reading, missed, from, runs[^1].Base + own), own);
    }

    /// <summary>The events of a time, of all runs.</summary>
    public static HistoryCursor Between(
        SqliteConnection connection, HistoryReading reading, DateTimeOffset? since, DateTimeOffset? until)
    {
        // Before the rows: what is written meanwhile is then a row too many, and not one too few.
        var runs = Runs(connection);
        var (from, to) = (since is { } begin ? HistoryText.Of(begin) : null, until is { } end ? HistoryText.Of(end) : null);
        var (first, last) = Rows(connection, from, to);
        return new HistoryCursor(connection, reading, runs, first - 1, last, from, to);
    }

    /// <summary>The events of a time, of all runs, as a record: from the last state before that time on.</summary>
    public static HistoryRecord Record(
        SqliteConnection connection, HistoryReading reading, DateTimeOffset? since, DateTimeOffset? until)
    {
        var runs = Runs(connection);
        var (from, to) = (since is { } begin ? HistoryText.Of(begin) : null, until is { } end ? HistoryText.Of(end) : null);
        var (first, last) = Rows(connection, from, to);
        var states = States(connection, last);
        var run = runs.LastOrDefault(run => run.Base < first);
        var state = states.LastOrDefault(row => row < first && row >= run?.Base + run?.Removed, first - 1);
        return new HistoryRecord(new HistoryCursor(connection, reading, runs, state, last, null, to), states);
    }

    /// <summary>Whether there is any state that a record can begin with.</summary>
    public static bool HasState(SqliteConnection connection) => !States(connection, long.MaxValue).IsEmpty;

    /// <summary>The rows of the states. A file of the first programs has not even the table.</summary>
    private static ImmutableArray<long> States(SqliteConnection connection, long through)
    {
        if (connection.Number("SELECT count(*) FROM sqlite_schema WHERE name = 'states'") == 0)
        {
            return [];
        }

        using var command = connection.Command("SELECT row FROM states WHERE row <= @through ORDER BY row", ("@through", through));
        using var reader = command.ExecuteReader();
        var rows = ImmutableArray.CreateBuilder<long>();
        while (reader.Read())
        {
            rows.Add(reader.GetInt64(0));
        }

        return rows.ToImmutable();
    }

    /// <summary>The first row of a time and the last; none when the last is before the first.</summary>
    private static (long First, long Last) Rows(SqliteConnection connection, string? since, string? until)
    {
        using var command = connection.Command(
            "SELECT min(row), max(row) FROM events WHERE time >= @since AND time < @until",
            ("@since", since ?? ""), ("@until", until ?? "~"));
        using var reader = command.ExecuteReader();
        return reader.Read() && !reader.IsDBNull(0) ? (reader.GetInt64(0), reader.GetInt64(1)) : (1, 0);
    }

    private static long Count(SqliteConnection connection, long after, long through) => connection.Number(
        "SELECT count(*) FROM events WHERE row > @after AND row <= @through", ("@after", after), ("@through", through)) ?? 0;

    private static string? Text(SqliteDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
}
