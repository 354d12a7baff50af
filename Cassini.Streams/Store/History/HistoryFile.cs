using Cassini.Streams.Events;
using Cassini.Streams.Primitives;
using Microsoft.Data.Sqlite;

namespace Cassini.Streams.Store.History;

/// <summary>The real file: an SQLite database that other programs may read meanwhile. A lock beside it keeps a second writer out.</summary>
internal sealed class HistoryFile : IHistoryFile
{
    private const string LockName = "history.lock";

    /// <summary>Far more than SQLite's log has when it can be emptied.</summary>
    private const long LeastLogLimit = 67_108_864;

    private static readonly TimeSpan AgeInterval = TimeSpan.FromSeconds(30);

    private readonly string _path;
    private readonly HistoryOptions _options;
    private readonly HistoryRun _run;
    private readonly FileStream _lock;
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _insert;
    private readonly ulong? _inode;
    private DateTimeOffset _lookedAt;
    private bool _isDisposed;

    private HistoryFile(string path, HistoryOptions options, HistoryRun run, FileStream lockFile, SqliteConnection connection)
    {
        (_path, _options, _lock, _connection) = (path, options, lockFile, connection);
        _run = run with { Base = BeginRun(connection, run) };
        _inode = FileFacts.Of(path)?.Inode;
        _insert = connection.Command("""
            INSERT OR IGNORE INTO events (row, epoch, sequence, time, type, category, json)
            VALUES (@row, @epoch, @sequence, @time, @type, @category, @json)
            """);
        foreach (var name in (string[])["@row", "@epoch", "@sequence", "@time", "@type", "@category", "@json"])
        {
            _insert.Parameters.Add(new SqliteParameter { ParameterName = name });
        }

        _insert.Parameters["@epoch"].Value = run.Epoch.ToString();
    }

    /// <summary>
    /// Opens it, makes it if need be, and begins the run, or continues it after a pause. Runs that wrote no end get one now.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="options">How much to keep.</param>
    /// <param name="run">The run that writes.</param>
    /// <exception cref="HistoryInUseException">Another one writes it.</exception>
    /// <exception cref="HistoryUnusableException">It is to be put aside.</exception>
    /// <exception cref="SqliteException">It cannot be opened or written.</exception>
    /// <exception cref="IOException">The directory cannot be made or used.</exception>
    /// <exception cref="UnauthorizedAccessException">There is no permission for it.</exception>
    public static HistoryFile Open(string path, HistoryOptions options, HistoryRun run)
    {
        RequireFiles(path);
        var lockFile = Lock(path);
        SqliteConnection? connection = null;
        try
        {
            connection = HistoryConnection.OpenToWrite(path);
            return new HistoryFile(path, options, run, lockFile, connection);
        }
        catch (Exception failure)
        {
            connection?.Dispose();
            using (lockFile)
            {
                if (UnusableOf(failure) is { } unusable)
                {
                    PutAside(path, unusable.Suffix);
                    throw unusable;
                }
            }

            throw;
        }
    }

    /// <summary>Notes that an exception ends the run, while the writer may be at work: for the moment before the process ends.</summary>
    public static void NoteCrash(string path, Epoch epoch, string detail, DateTimeOffset now)
    {
        using var connection = HistoryConnection.OpenToWrite(path);
        connection.Execute(
            "UPDATE runs SET how = @how, detail = @detail, ended = @ended WHERE epoch = @epoch",
            ("@how", HistoryText.Of(RunEnd.Crashed)), ("@detail", detail), ("@ended", HistoryText.Of(now)), ("@epoch", epoch.ToString()));
    }

    /// <inheritdoc/>
    public HistoryTotals Append(IReadOnlyList<EventEnvelope> batch, HistoryState? state, DateTimeOffset now)
    {
        try
        {
            RequireInPlace();
            RefuseLongLog();
            using (var transaction = _connection.BeginTransaction())
            {
                _insert.Transaction = transaction;
                foreach (var envelope in batch)
                {
                    Insert(envelope);
                }

                if (state is { } known)
                {
                    _connection.Execute(
                        "INSERT OR IGNORE INTO states (row, json) VALUES (@row, @json)",
                        ("@row", _run.Base + known.Through), ("@json", System.Text.Encoding.UTF8.GetString(known.Header)));
                }

                HistoryRetention.ApplySize(_connection, _options, batch.Count);
                LookAtAge(now);
                transaction.Commit();
            }

            HistoryRetention.Shrink(_connection, _options);
            return Totals();
        }
        catch (SqliteException failure) when (UnusableOf(failure) is { } unusable)
        {
            _connection.Dispose();
            PutAside(_path, unusable.Suffix);
            throw unusable;
        }
    }

    /// <inheritdoc/>
    public void EndRun(long last, DateTimeOffset now) => _connection.Execute(
        "UPDATE runs SET how = @how, ended = @ended, last = @last WHERE epoch = @epoch AND how IS NULL",
        ("@how", HistoryText.Of(RunEnd.Clean)), ("@ended", HistoryText.Of(now)), ("@last", last), ("@epoch", _run.Epoch.ToString()));

    /// <inheritdoc/>
    public void PutAside()
    {
        _connection.Dispose();
        PutAside(_path, HistoryUnusableException.Damaged);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            _insert.Dispose();
            _connection.Dispose();
            _lock.Dispose();
        }
    }

    /// <summary>Opening anything else may wait for another program.</summary>
    private static void RequireFiles(string path)
    {
        string[] files =
        [
            path, path + HistoryConnection.LogSuffix, path + HistoryConnection.SharedSuffix,
            Path.Combine(Path.GetDirectoryName(path)!, LockName),
        ];
        foreach (var file in files)
        {
            if (RegularFile.Problem(file) is { } problem)
            {
                throw new IOException($"{file} {problem}: remove it");
            }
        }
    }

    private static FileStream Lock(string path)
    {
        var directory = Path.GetDirectoryName(path)!;
        PrivateDirectory.Create(directory);
        var name = Path.Combine(directory, LockName);
        try
        {
            return new FileStream(name, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException failure) when (LockedFile.IsTaken(failure))
        {
            throw new HistoryInUseException(path, failure);
        }
    }

    /// <summary>Only the last one of a kind is kept, so that a disk that damages files is not filled with them.</summary>
    private static void PutAside(string path, string suffix)
    {
        File.Move(path, path + suffix, overwrite: true);
        File.Delete(path + suffix + HistoryConnection.LogSuffix);
        if (File.Exists(path + HistoryConnection.LogSuffix))
        {
            File.Move(path + HistoryConnection.LogSuffix, path + suffix + HistoryConnection.LogSuffix);
        }

        File.Delete(path + HistoryConnection.SharedSuffix);
    }

    private static HistoryUnusableException? UnusableOf(Exception failure) => failure switch
    {
        HistoryUnusableException unusable => unusable,
        SqliteException damage when HistoryConnection.IsDamage(damage) =>
            new HistoryUnusableException(HistoryUnusableException.Damaged, $"is damaged: {damage.Message}", damage),
        _ => null,
    };

    private static long BeginRun(SqliteConnection connection, HistoryRun run)
    {
        var epoch = run.Epoch.ToString();
        var boot = BootId.Read();
        using var transaction = connection.BeginTransaction();
        connection.Execute(
            """
            UPDATE runs SET
                how = CASE WHEN boot <> @boot THEN @power ELSE @killed END,
                ended = (SELECT time FROM events WHERE row > runs.base AND events.epoch = runs.epoch ORDER BY row DESC LIMIT 1)
            WHERE how IS NULL AND epoch <> @epoch
            """,
            ("@boot", boot), ("@power", HistoryText.Of(RunEnd.Power)), ("@killed", HistoryText.Of(RunEnd.Killed)), ("@epoch", epoch));
        var added = connection.Execute(
            """
            INSERT INTO runs (epoch, base, started, cassini, boot)
            SELECT @epoch, 1 + max(
                coalesce((SELECT max(row) FROM events), 0), coalesce((SELECT max(base + coalesce(last, 0)) FROM runs), 0)),
                @started, @cassini, @boot
            WHERE NOT EXISTS (SELECT 1 FROM runs WHERE epoch = @epoch)
            """,
            ("@epoch", epoch), ("@started", HistoryText.Of(run.StartedAt)), ("@cassini", run.Program), ("@boot", boot));

        // A run that was killed may have left a state that includes events which it did not write.
        if (added > 0)
        {
            connection.Execute("DELETE FROM states WHERE row >= (SELECT base FROM runs WHERE epoch = @epoch)", ("@epoch", epoch));
        }

        transaction.Commit();
        return connection.Number("SELECT base FROM runs WHERE epoch = @epoch", ("@epoch", epoch)) ?? 0;
    }

    private void Insert(EventEnvelope envelope)
    {
        var parameters = _insert.Parameters;
        parameters["@row"].Value = _run.Base + envelope.Sequence;
        parameters["@sequence"].Value = envelope.Sequence;
        parameters["@time"].Value = HistoryText.Of(envelope.Time);
        parameters["@type"].Value = EventJson.NameOf(envelope.Event);
        parameters["@category"].Value = HistoryText.Of(envelope.Event.Category);
        parameters["@json"].Value = System.Text.Encoding.UTF8.GetString(EventJson.Serialize(envelope));
        _insert.ExecuteNonQuery();
    }

    /// <summary>From time to time only, because it looks at many rows.</summary>
    private void LookAtAge(DateTimeOffset now)
    {
        if ((now - _lookedAt).Duration() >= AgeInterval && !HistoryRetention.ApplyAge(_connection, _options, now, _run.Epoch))
        {
            _lookedAt = now;
        }
    }

    /// <summary>A file that was moved or deleted can still be written by who has it open, and all of that is lost.</summary>
    private void RequireInPlace()
    {
        var isInPlace = File.Exists(_path) && FileFacts.Of(_path)?.Inode == _inode
            && File.Exists(_path + HistoryConnection.LogSuffix) && File.Exists(Path.Combine(Path.GetDirectoryName(_path)!, LockName));
        if (!isInPlace)
        {
            throw new HistoryMovedException(_path);
        }
    }

    /// <summary>A program that reads for a long time keeps SQLite's log from being emptied, and it grows.</summary>
    private void RefuseLongLog()
    {
        if (LogBytes() > Math.Max(_options.MaxBytes, LeastLogLimit))
        {
            throw new IOException(
                $"{_path}{HistoryConnection.LogSuffix} cannot be emptied and is too large, because a program keeps reading");
        }
    }

    private long LogBytes()
    {
        var log = new FileInfo(_path + HistoryConnection.LogSuffix);
        return log.Exists ? log.Length : 0;
    }

    private HistoryTotals Totals()
    {
        var bytes = HistoryRetention.FileBytes(_connection) + LogBytes();
        using var command = _connection.Command("SELECT epoch, sequence, time FROM events ORDER BY row LIMIT 1");
        using var reader = command.ExecuteReader();
        return reader.Read() && Epoch.TryParse(reader.GetString(0), out var epoch)
            ? new HistoryTotals(new EventId(epoch, reader.GetInt64(1)).ToString(), reader.GetString(2), bytes)
            : new HistoryTotals(null, null, bytes);
    }
}
