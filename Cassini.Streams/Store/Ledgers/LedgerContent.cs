using System.Globalization;
using Cassini.Streams.Store.Ledgers.Sqlite;

namespace Cassini.Streams.Store.Ledgers;

/// <summary>What a file of SQLite holds when it is opened.</summary>
/// <param name="First">The number of the first group; one more than <paramref name="Last"/> when there is none.</param>
/// <param name="Last">The number of the last group.</param>
/// <param name="Total">The bytes of all groups that were ever appended, up to the last one.</param>
/// <param name="Bytes">The bytes of all groups.</param>
/// <param name="RunBefore">The last run; null when there was none.</param>
internal sealed record LedgerContent(long First, long Last, long Total, long Bytes, LedgerRun? RunBefore)
{
    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    public LedgerExtent Extent => new(First, Last, Bytes, RunBefore is not { EndedAt: null });

    /// <summary>Reads it, and checks what can be checked without reading the groups.</summary>
    /// <param name="database">The open database.</param>
    /// <param name="path">Its path, for messages.</param>
    /// <param name="checksPages">Whether all pages are looked at, which reads the whole file.</param>
    /// <exception cref="LedgerDamagedException">Something does not fit.</exception>
    public static LedgerContent Read(Database database, string path, bool checksPages)
    {
        // It walks all pages, but not what is in the groups.
        if (checksPages && database.Text("PRAGMA quick_check(1)") is var found and not "ok")
        {
            throw new LedgerDamagedException($"{path} is damaged: {found}");
        }

        var first = database.Number("SELECT first FROM ledger")
            ?? throw new LedgerDamagedException($"{path} is damaged: it does not say which group is the first.");
        var last = database.Number("SELECT max(number) FROM groups") ?? first - 1;
        var (run, lastOfRun) = ReadRun(database, path);
        if (last >= first && database.Number("SELECT min(number) FROM groups") != first)
        {
            throw new LedgerDamagedException($"{path} is damaged: group {first}, the first, is missing.");
        }

        if (run is not null && (run.EndedAt is null ? last < lastOfRun : last != lastOfRun))
        {
            throw new LedgerDamagedException($"{path} is damaged: its last group is {last}, but run {run.Number} had {lastOfRun}.");
        }

        var total = database.Number($"SELECT total FROM groups WHERE number = {last}") ?? 0;
        var before = database.Number($"SELECT total - length(data) FROM groups WHERE number = {first}") ?? 0;
        return new LedgerContent(first, last, total, total - before, run);
    }

    /// <summary>Notes that a run begins.</summary>
    /// <param name="database">The open database.</param>
    /// <param name="run">Its number.</param>
    /// <param name="last">The last group before it.</param>
    /// <param name="now">The time.</param>
    public static void BeginRun(Database database, long run, long last, DateTimeOffset now)
    {
        using var begin = database.Prepare("INSERT INTO runs (run, started, last) VALUES (?1, ?2, ?3)");
        begin.Bind(1, run).Bind(2, Text(now)).Bind(3, last).Run();
    }

    /// <summary>Notes that a run ends on purpose.</summary>
    /// <inheritdoc cref="BeginRun"/>
    public static void EndRun(Database database, long run, long last, DateTimeOffset now)
    {
        using var end = database.Prepare("UPDATE runs SET ended = ?1, last = ?2 WHERE run = ?3");
        end.Bind(1, Text(now)).Bind(2, last).Bind(3, run).Run();
    }

    /// <summary>A time as it stands in the table of runs.</summary>
    public static string Text(DateTimeOffset time) => time.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture);

    /// <summary>The last run, and the number of its last group at its beginning, or at its end when it was sealed.</summary>
    public static (LedgerRun? Run, long Last) ReadRun(Database database, string path)
    {
        using var runs = database.Prepare("SELECT run, started, ended, last FROM runs ORDER BY run DESC LIMIT 1");
        return runs.Step()
            ? (new LedgerRun(runs.Number(0), Time(runs.Text(1), path), runs.IsNull(2) ? null : Time(runs.Text(2), path)), runs.Number(3))
            : (null, 0);
    }

    private static DateTimeOffset Time(string text, string path) =>
        DateTimeOffset.TryParseExact(text, TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time
            : throw new LedgerDamagedException($"{path} is damaged: its table of runs has a time that cannot be read.");
}
