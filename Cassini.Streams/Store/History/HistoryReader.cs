using System.Collections.Immutable;
using Cassini.Streams.Events;
using Microsoft.Data.Sqlite;

namespace Cassini.Streams.Store.History;

/// <summary>Questions to the file. Each method asks one connection, and throws what SQLite throws.</summary>
internal static class HistoryReader
{
    /// <summary>The runs, the oldest first.</summary>
    public static ImmutableArray<HistoryRun> Runs(SqliteConnection connection)
    {
        var runs = ImmutableArray.CreateBuilder<HistoryRun>();
        using var command = connection.Command(
            """
            SELECT epoch, started, cassini, how, ended, detail, base, removed,
                coalesce(
                    last,
                    (SELECT sequence FROM events WHERE row > runs.base AND events.epoch = runs.epoch ORDER BY row DESC LIMIT 1),
                    0)
            FROM runs ORDER BY base
            """);
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

        return runs.ToImmutable();
    }

    /// <summary>Where a reader can continue that has seen everything up to an event.</summary>
    /// <param name="connection">Becomes the cursor's, when there is one.</param>
    /// <param name="turns">The cursor's.</param>
    /// <param name="after">The last event that it has seen.</param>
    /// <param name="current">The run that writes.</param>
    /// <param name="oldest">The oldest sequence of that run that need not be read here.</param>
    public static HistoryResume Resume(SqliteConnection connection, SemaphoreSlim turns, EventId after, Epoch current, long oldest)
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
            HistoryAnswer.Resumed, new HistoryCursor(connection, turns, missed, from, runs[^1].Base + own), own);
    }

    /// <summary>The events of a time, of all runs.</summary>
    public static HistoryCursor Between(SqliteConnection connection, SemaphoreSlim turns, DateTimeOffset? since, DateTimeOffset? until)
    {
        // Before the rows: what is written meanwhile is then a row too many, and not one too few.
        var runs = Runs(connection);
        var (from, to) = (since is { } begin ? HistoryText.Of(begin) : null, until is { } end ? HistoryText.Of(end) : null);
        using var command = connection.Command(
            "SELECT min(row), max(row) FROM events WHERE time >= @since AND time < @until", ("@since", from ?? ""), ("@until", to ?? "~"));
        using var reader = command.ExecuteReader();
        var (first, last) = reader.Read() && !reader.IsDBNull(0) ? (reader.GetInt64(0), reader.GetInt64(1)) : (1, 0);
        return new HistoryCursor(connection, turns, runs, first - 1, last, from, to);
    }

    private static long Count(SqliteConnection connection, long after, long through) => connection.Number(
        "SELECT count(*) FROM events WHERE row > @after AND row <= @through", ("@after", after), ("@through", through)) ?? 0;

    private static string? Text(SqliteDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
}
