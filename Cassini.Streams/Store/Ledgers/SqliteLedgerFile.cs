using System.Diagnostics.CodeAnalysis;
using Cassini.Streams.Primitives;
using Cassini.Streams.Store.Ledgers.Sqlite;

namespace Cassini.Streams.Store.Ledgers;

/// <summary>An open <see cref="SqliteLedger"/>. Changes come from one caller at a time; reading and a backup may run beside them.</summary>
internal sealed class SqliteLedgerFile : IAsyncDisposable
{
    private const string ReserveName = "reserve";

    /// <summary>What one trim drops at most, and one step of a shrink moves: commits wait for it.</summary>
    private const long MostTrimmedAtOnce = 2 << 20;
    private const int MostRowsTrimmedAtOnce = 1000;

    /// <summary>So many bytes of free pages are kept when room is short.</summary>
    private const long FreeBytesWhenShort = 1 << 20;

    /// <summary>How many steps of a shrink are done each second.</summary>
    private const int StepsOfASecond = 4;

    /// <summary>A log that grew to so many times what a checkpoint waits for, because someone read for long, is cut again.</summary>
    private const int LogLimit = 4;

    /// <summary>What a small change needs of the reserve.</summary>
    private const int SmallChange = 64 << 10;

    private const int PagesCopiedAtOnce = 1000;

    private readonly string _path;
    private readonly int _pageSize;
    private readonly long _freeBytesKept;
    private readonly ulong? _inode;
    private readonly TimeProvider _time;
    private readonly LedgerLock _lock;
    private readonly LedgerReserve _reserve;

    /// <summary>Held while something is written, and by the last pass of a checkpoint.</summary>
    private readonly Lock _writing = new();
    private readonly Database _database;
    private readonly Statement _insert;
    private readonly Statement _setFirst;
    private readonly Statement _walk;
    private readonly Statement _delete;
    private readonly Checkpoints _checkpoints;
    private readonly long _run;

    private SqliteGroupFinder? _finder;
    private long _first;
    private long _last;
    private long _total;
    private bool _isSealed;
    private bool _isChanged;
    private IOException? _broken;

    private SqliteLedgerFile(
        SqliteLedgerOptions options,
        TimeProvider time,
        LedgerLock taken,
        LedgerReserve reserve,
        Database database,
        LedgerContent content,
        long run)
    {
        _path = PathOf(options);
        _freeBytesKept = options.FreeBytesKept;
        _inode = FileFacts.Of(_path)?.Inode;
        _time = time;
        _lock = taken;
        _reserve = reserve;
        _database = database;
        _run = run;
        _first = content.First;
        _last = content.Last;
        _total = content.Total;
        RunBefore = content.RunBefore;
        _pageSize = (int)database.Number("PRAGMA page_size").GetValueOrDefault();
        _insert = database.Prepare("INSERT INTO groups (number, total, data) VALUES (?1, ?2, ?3)");
        _setFirst = database.Prepare("UPDATE ledger SET first = ?1");
        _walk = database.Prepare("SELECT number, total FROM groups WHERE number < ?1 ORDER BY number");
        _delete = database.Prepare("DELETE FROM groups WHERE number < ?1");
        _checkpoints = new Checkpoints(_path, options.CheckpointBytes, _writing, reserve);
    }

    public LedgerRun? RunBefore { get; }

    public IOException? CheckpointFailure => _checkpoints.Failure;

    public static (SqliteLedgerFile File, LedgerExtent Extent) Open(SqliteLedgerOptions options, TimeProvider time)
    {
        LedgerLock? taken = null;
        LedgerReserve? reserve = null;
        Database? database = null;
        try
        {
            RequireThatItMayBeCreated(options);
            LedgerPlace.Create(options.Directory);
            LedgerPlace.RequireFiles(options.Directory);
            taken = LedgerLock.Take(options.Directory, time.GetUtcNow());
            reserve = new LedgerReserve(Path.Combine(options.Directory, ReserveName), options.ReserveBytes);
            reserve.Run(SmallChange, () => database = OpenDatabase(options));
            var content = LedgerContent.Read(database!, PathOf(options), options.ChecksPages);
            var run = BeginRun(database!, reserve, content, time.GetUtcNow());
            var file = new SqliteLedgerFile(options, time, taken, reserve, database!, content, run);
            reserve.TryFill();
            return (file, content.Extent);
        }
        catch (Exception failure)
        {
            database?.Dispose();
            reserve?.Dispose();
            taken?.Dispose();
            if (failure is UnauthorizedAccessException or FileNotFoundException or DirectoryNotFoundException)
            {
                throw LedgerPlace.ProblemOf(options.Directory, failure);
            }

            throw;
        }
    }

    public void Append(long number, ReadOnlySpan<byte> group, bool mayUseReserve)
    {
        ThrowIfUnusable();
        var isFollowing = number == _last + 1 || (IsEmpty && number > _last);
        if (!isFollowing)
        {
            throw new ArgumentOutOfRangeException(nameof(number), number, $"The last group is {_last}.");
        }

        if (!mayUseReserve && !HasRoomBesidesReserve(group.Length))
        {
            throw new LedgerFullException($"{_path}: the disk is full, and the rest of the reserve is kept for other groups.");
        }

        var released = false;
        while (!TryAppend(number, group, out var full))
        {
            if (!mayUseReserve || !_reserve.TryRelease(2L * group.Length))
            {
                // A log that is copied can begin anew, in the room that it has.
                _checkpoints.Demand();
                _reserve.TryFill();
                throw full;
            }

            released = true;
        }

        if (released)
        {
            _reserve.TryFill();
        }
    }

    /// <summary>A file that was moved or deleted can still be written by who has it open, and all of that is lost.</summary>
    public void RequireInPlace()
    {
        if (!_lock.IsInPlace(Path.GetDirectoryName(_path)!) || !File.Exists(_path) || !File.Exists(_path + "-wal")
            || FileFacts.Of(_path)?.Inode != _inode)
        {
            throw new IOException($"{_path} or a file beside it was moved or deleted while it was in use.");
        }
    }

    public IOException? RetryCheckpoint()
    {
        var failure = _checkpoints.Failure;
        if (failure is not null)
        {
            _checkpoints.Demand();
        }

        return failure;
    }

    public void Seal()
    {
        ThrowIfUnusable();
        Change(() =>
        {
            using var end = _database.Prepare("UPDATE runs SET ended = ?1, last = ?2 WHERE run = ?3");
            end.Bind(1, LedgerContent.Text(_time.GetUtcNow())).Bind(2, _last).Bind(3, _run).Run();
        });
        _isSealed = true;
    }

    public SqliteLedgerReader Read(long from) =>
        new(_path, Math.Max(from, Volatile.Read(ref _first)), Volatile.Read(ref _last));

    public byte[]? Find(long number) => (_finder ??= new SqliteGroupFinder(_path)).Find(number);

    public long Trim(long before)
    {
        ThrowIfUnusable();
        before = Math.Min(before, _last + 1);
        if (_first < before)
        {
            var next = before;
            Change(() =>
            {
                next = EndOfSlice(before);
                _delete.Bind(1, next).Run();
                _setFirst.Bind(1, next).Run();
            });
            _checkpoints.Wrote(SmallChange);
            Volatile.Write(ref _first, next);
        }

        return _first;
    }

    public void GiveBackRoom(bool isShort)
    {
        try
        {
            for (var steps = StepsOfASecond; steps > 0 && Shrink(isShort ? FreeBytesWhenShort : null); steps--)
            {
            }
        }
        catch (LedgerFullException)
        {
            // It needs some room itself. It is tried again.
        }
    }

    /// <summary>
    /// Makes the file shorter when most of its pages are free: moves the last pages to free places, and cuts the end off. One short step.
    /// </summary>
    /// <param name="kept">So many bytes of free pages are kept; null for what the next groups need, or as much as there are groups.</param>
    /// <returns>Whether another step would do more.</returns>
    public bool Shrink(long? kept)
    {
        var free = FreeBytes();
        var used = (_database.Number("PRAGMA page_count").GetValueOrDefault() * _pageSize) - free;
        var excess = free - (kept ?? Math.Max(used, _freeBytesKept));
        if (excess <= 0)
        {
            return false;
        }

        var bytes = Math.Min(excess, MostTrimmedAtOnce);
        Change(() => _database.Execute($"PRAGMA incremental_vacuum({(bytes / _pageSize) + 1})"));
        _checkpoints.Wrote(bytes);

        // Not of a file that was made without the tables that this needs.
        return FreeBytes() < free;
    }

    public void Backup(string path, CancellationToken cancellationToken)
    {
        if (File.Exists(path))
        {
            throw new IOException($"{path} exists already.");
        }

        var draft = path + ".new";
        File.Delete(draft);
        try
        {
            using (var source = Database.Open(_path))
            using (var target = Database.Open(draft, create: true))
            {
                // Within a transaction that reads, appends do not change what is copied.
                source.Execute("BEGIN");
                source.Number("SELECT first FROM ledger");
                source.CopyTo(target, PagesCopiedAtOnce, cancellationToken);
            }

            File.Move(draft, path);
        }
        catch
        {
            File.Delete(draft);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _checkpoints.DisposeAsync();
        _finder?.Dispose();
        _insert.Dispose();
        _setFirst.Dispose();
        _walk.Dispose();
        _delete.Dispose();
        try
        {
            // What could not be used stays as it was found: nobody has changed it then.
            if (_isChanged)
            {
                _database.KeepLogAtEnd(false);
                _reserve.Run(_checkpoints.LogBytes, _database.CheckpointAndTruncate);
            }
        }
        catch (IOException)
        {
            // Everything is in the log still, and the next start finds it there.
        }
        finally
        {
            _database.Dispose();
            _reserve.Dispose();
            _lock.Dispose();
        }
    }

    private bool IsEmpty => _last < _first;

    private static string PathOf(SqliteLedgerOptions options) => Path.Combine(options.Directory, JournalFormat.FileName);

    /// <summary>Nothing is made in its place: whoever has moved the directory may want to move it back.</summary>
    private static void RequireThatItMayBeCreated(SqliteLedgerOptions options)
    {
        if (!options.MayCreate && !File.Exists(PathOf(options)))
        {
            throw new LedgerDamagedException($"{PathOf(options)} is gone: it was moved or deleted while it was in use.");
        }
    }

    private static Database OpenDatabase(SqliteLedgerOptions options)
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

    private static long BeginRun(Database database, LedgerReserve reserve, LedgerContent content, DateTimeOffset now)
    {
        var run = (content.RunBefore?.Number ?? 0) + 1;
        reserve.Run(SmallChange, () =>
        {
            using var insert = database.Prepare("INSERT INTO runs (run, started, last) VALUES (?1, ?2, ?3)");
            insert.Bind(1, run).Bind(2, LedgerContent.Text(now)).Bind(3, content.Last).Run();
        });
        return run;
    }

    private bool TryAppend(long number, ReadOnlySpan<byte> group, [NotNullWhen(false)] out LedgerFullException? full)
    {
        try
        {
            lock (_writing)
            {
                Insert(number, group);
            }

            full = null;
            return true;
        }
        catch (LedgerFullException failure)
        {
            full = failure;
            return false;
        }
        catch (IOException failure) when (failure is not LedgerInUseException)
        {
            _broken = failure;
            throw;
        }
    }

    /// <summary>Whether the reserve is whole, or pages that are free in the file make up for what it lacks.</summary>
    private bool HasRoomBesidesReserve(int bytes) =>
        _reserve.TryFill() || FreeBytes() >= _reserve.Missing + bytes;

    private void Insert(long number, ReadOnlySpan<byte> group)
    {
        _isChanged = true;
        var total = _total + group.Length;
        if (number == _first || !IsEmpty)
        {
            // A single statement is a transaction of its own, and the cheapest one.
            _insert.Bind(1, number).Bind(2, total).Bind(3, group).Run();
        }
        else
        {
            InsertAsFirst(number, total, group);
            _first = number;
        }

        _total = total;
        Volatile.Write(ref _last, number);

        // The pages of the group, one that points to them, and the first page of the file, which has its length.
        _checkpoints.Wrote((((group.Length / _pageSize) + 3L) * _pageSize));
    }

    private void InsertAsFirst(long number, long total, ReadOnlySpan<byte> group)
    {
        try
        {
            _database.Execute("BEGIN IMMEDIATE");
            _setFirst.Bind(1, number).Run();
            _insert.Bind(1, number).Bind(2, total).Bind(3, group).Run();
            _database.Execute("COMMIT");
        }
        catch (IOException)
        {
            _database.Rollback();
            throw;
        }
    }

    /// <summary>A transaction that is allowed on a full disk.</summary>
    private void Change(Action action)
    {
        _isChanged = true;
        try
        {
            _reserve.Run(SmallChange, () =>
            {
                lock (_writing)
                {
                    try
                    {
                        _database.Execute("BEGIN IMMEDIATE");
                        action();
                        _database.Execute("COMMIT");
                    }
                    catch (IOException)
                    {
                        _database.Rollback();
                        throw;
                    }
                }
            });
        }
        catch (IOException failure) when (failure is not (LedgerFullException or LedgerInUseException))
        {
            _broken = failure;
            throw;
        }
    }

    /// <summary>The first number that stays after a transaction of limited size.</summary>
    private long EndOfSlice(long before)
    {
        _walk.Bind(1, before);
        try
        {
            long? begin = null;
            for (var rows = 0; _walk.Step(); rows++)
            {
                begin ??= _walk.Number(1);
                if (rows == MostRowsTrimmedAtOnce || (rows > 0 && _walk.Number(1) - begin > MostTrimmedAtOnce))
                {
                    return _walk.Number(0);
                }
            }

            return before;
        }
        finally
        {
            _walk.Reset();
        }
    }

    private long FreeBytes() => _database.Number("PRAGMA freelist_count").GetValueOrDefault() * _pageSize;

    private void ThrowIfUnusable()
    {
        if (_broken is not null)
        {
            throw new IOException($"{_path}: it must be closed and opened again, because of an earlier failure.", _broken);
        }

        if (_isSealed)
        {
            throw new InvalidOperationException("The ledger is sealed.");
        }
    }
}
