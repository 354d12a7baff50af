using System.Globalization;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Primitives;
using Cassini.Streams.Store.Ledgers;
using Cassini.Streams.Store.Ledgers.Sqlite;

namespace Cassini.Streams.Store.Maintenance;

/// <summary>Reads all of a journal and says what is in it and what is wrong. Used once.</summary>
/// <param name="journal">The journal.</param>
/// <param name="time">For ages, and for what has expired.</param>
internal sealed class JournalInspector(StoredJournal journal, TimeProvider time)
{
    /// <summary>The most findings of SQLite in a report.</summary>
    private const int MostFindings = 20;

    private readonly JournalReplay _replay = new(time);
    private readonly List<JournalProblem> _problems = [];
    private readonly HashSet<long> _unusable = [];
    private readonly HashSet<string> _touched = new(StringComparer.Ordinal);
    private readonly HashSet<uint> _unknown = [];
    private long _first;
    private long _last;
    private long _groups;
    private long _bytes;
    private long _beforeHole;
    private long? _hole;
    private long? _total;
    private DateTimeOffset? _begin;

    /// <summary>What the groups that can be used say, when they are applied one after another; after <see cref="Run"/>.</summary>
    public BrokerState State { get; private set; } = BrokerState.Empty;

    /// <summary>Reads everything. Damage is in the report.</summary>
    /// <param name="cancellationToken">Ends it between two groups.</param>
    /// <exception cref="IOException">The disk says no.</exception>
    public JournalReport Run(CancellationToken cancellationToken)
    {
        var (first, run, lastOfRun) = (Try(ReadFirst), Try(ReadRun), Try(ReadLastOfRun));
        var expected = first;
        try
        {
            using var salvage = new GroupSalvage(journal.Database);
            foreach (var group in salvage.Read())
            {
                cancellationToken.ThrowIfCancellationRequested();
                RequireNext(group, expected);
                Add(group with { Number = group.Problem is null ? group.Number : Math.Max(group.Number, expected ?? 0) });
                expected = group.Last == long.MaxValue ? null : group.Last + 1;
            }
        }
        catch (LedgerDamagedException damaged)
        {
            _problems.Add(new JournalProblem(damaged.Message));
        }

        RequireEnd(run, lastOfRun, Math.Max(_last, (first ?? 1) - 1));
        var findings = Try(CheckPages);
        State = _replay.ToState(_ => NoSessionStore.Instance);
        return Report(run, findings ?? []);
    }

    /// <param name="group">A group.</param>
    /// <param name="expected">The number that it should have; null when that is not known.</param>
    private void RequireNext(SalvagedGroup group, long? expected)
    {
        if (expected is not { } next || group.Problem is not null)
        {
            return;
        }

        if (group.Number > next)
        {
            Miss(next, group.Number - 1, "missing");
        }
        else if (group.Number < next)
        {
            _problems.Add(new JournalProblem(
                string.Create(CultureInfo.InvariantCulture, $"group {expected} should be the first, and there is group {group.Number}")));
        }
    }

    private void Add(SalvagedGroup group)
    {
        if (group.Problem is { } problem)
        {
            Miss(group.Number, group.Last, problem);
            _total = null;
            return;
        }

        _first = _first == 0 ? group.Number : _first;
        _last = group.Number;
        _groups++;
        _bytes += group.Bytes.Length;
        if (_total is { } total && total + group.Bytes.Length != group.Total)
        {
            _problems.Add(new JournalProblem($"it has {group.Bytes.Length} bytes, not {group.Total - total}")
            {
                First = group.Number,
                Last = group.Number,
            });
        }

        _total = group.Total;
        try
        {
            var records = RecordDecoder.Read(group.Number, group.Bytes.Span);
            _replay.Apply(group.Number, group.Bytes.Span);
            Used(records);
        }
        catch (JournalFormatException wrong)
        {
            _hole ??= group.Number;
            _unusable.Add(group.Number);
            var found = JournalProblem.Of(group.Number, group.Bytes.Span, wrong, _replay);
            _touched.UnionWith(found.Trace.Sessions);
            _problems.Add(found);
        }
    }

    /// <summary>A group was applied.</summary>
    private void Used(IReadOnlyList<JournalRecord> records)
    {
        var writtenAt = _replay.LastWrittenAt;
        _begin ??= writtenAt;
        for (var at = _problems.Count - 1; at >= 0 && _problems[at] is { First: not null, Before: null } before; at--)
        {
            _problems[at] = before with { Before = writtenAt };
        }

        if (_hole is null)
        {
            _beforeHole++;
            return;
        }

        foreach (var record in records)
        {
            if (record.Session is not { } session)
            {
                continue;
            }

            if (record.Type is RecordType.Session or RecordType.SessionEnd)
            {
                _unknown.Remove(session);
            }
            else if (_replay.ClientIdOf(session) is null)
            {
                _unknown.Add(session);
            }
        }
    }

    private void Miss(long from, long to, string problem)
    {
        _hole ??= from;
        _problems.Add(new JournalProblem(problem) { First = from, Last = to, After = _replay.LastWrittenAt });
    }

    /// <summary>A run knows which group was the last one when it began, and when it was sealed.</summary>
    private void RequireEnd(LedgerRun? run, long? lastOfRun, long last)
    {
        if (run is null || lastOfRun is not { } expected)
        {
            return;
        }

        if (last < expected && _problems is not [.., { Last: long.MaxValue }])
        {
            Miss(last + 1, expected, "missing at the end");
        }
        else if (last > expected && run.EndedAt is not null)
        {
            _problems.Add(new JournalProblem(
                string.Create(CultureInfo.InvariantCulture, $"the last run was sealed with group {expected}, and there are later ones")));
        }
    }

    private T? Try<T>(Func<T?> read)
    {
        try
        {
            return read();
        }
        catch (LedgerDamagedException damaged)
        {
            if (_problems.All(problem => problem.Text != damaged.Message))
            {
                _problems.Add(new JournalProblem(damaged.Message));
            }

            return default;
        }
    }

    /// <summary>Only a connection that may write looks at the constraint of its one row.</summary>
    private long? ReadFirst() => journal.Database.Number("SELECT first FROM ledger WHERE id = 1 AND (SELECT count(*) FROM ledger) = 1")
        ?? throw new LedgerDamagedException("it does not say which group is the first");

    private LedgerRun? ReadRun() => LedgerContent.ReadRun(journal.Database, journal.Directory).Run;

    private long? ReadLastOfRun() => journal.Database.Number("SELECT last FROM runs ORDER BY run DESC LIMIT 1");

    private List<JournalProblem>? CheckPages()
    {
        var findings = new List<JournalProblem>();
        if (!JournalFormat.HasTables(journal.Database))
        {
            findings.Add(new JournalProblem("the description of its tables is damaged"));
        }

        using var check = journal.Database.Prepare($"PRAGMA integrity_check({MostFindings})");
        while (check.Step())
        {
            // A heading begins with asterisks.
            var lines = check.Text(0).Split('\n').Where(line => line is not ("ok" or "" or ['*', ..]));
            findings.AddRange(lines.Select(line => new JournalProblem($"SQLite finds: {SafeText.Line(line)}")));
        }

        return findings;
    }

    private JournalReport Report(LedgerRun? run, IEnumerable<JournalProblem> findings) => new()
    {
        Directory = journal.Directory,
        UsedBy = journal.UsedBy,
        Format = JournalFormat.Version,
        First = _first,
        Last = _last,
        Groups = _groups,
        Bytes = _bytes,
        FileBytes = journal.FileBytes,
        LogBytes = journal.LogBytes,
        Begin = _begin,
        End = _replay.LastWrittenAt,
        Sessions = State.Sessions.Count(session => !session.IsOver),
        Subscriptions = State.Sessions.Sum(session => session.Subscriptions.Length),
        Messages = _replay.Messages,
        Retained = State.Retained.Length,
        Wills = State.Wills.Length,
        Run = run,
        Problems = [.. _problems, .. findings],
        Unusable = [.. _unusable],
        Hole = _hole,
        GroupsBeforeHole = _beforeHole,
        Touched = [.. _touched, .. _unknown.Select(session => $"session {session}")],
    };
}
