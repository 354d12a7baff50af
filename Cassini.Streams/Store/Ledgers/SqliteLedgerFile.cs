using System.Diagnostics.CodeAnalysis;
using Cassini.Streams.Primitives;
using Cassini.Streams.Store.Ledgers.Sqlite;

namespace Cassini.Streams.Store.Ledgers;

/// <summary>An open <see cref="SqliteLedger"/>. Changes come from one caller at a time; reading and a backup may run beside them.</summary>
internal sealed class SqliteLedgerFile : IAsyncDisposable
{
    private const string ReserveName = "reserve";

    /// <summary>So many bytes of free pages are kept when room is short.</summary>
    private const long FreeBytesWhenShort = 1 << 20;

    /// <summary>How many steps of a shrink are done each second.</summary>
    private const int StepsOfASecond = 4;

    /// <summary>What a small change needs of the reserve.</summary>
    private const int SmallChange = 64 << 10;

    private readonly string _path;
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
    private readonly GroupSlices _slices;
    private readonly FreePages _free;
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
        _path = LedgerDatabase.PathOf(options);
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
        _insert = database.Prepare("INSERT INTO groups (number, total, data) VALUES (?1, ?2, ?3)");
        _setFirst = database.Prepare("UPDATE ledger SET first = ?1");
        _slices = new GroupSlices(database);
        _free = new FreePages(database);
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
            LedgerDatabase.RequireThatItMayBeCreated(options);
            LedgerPlace.Create(options.Directory);
            LedgerPlace.RequireFiles(options.Directory);
            taken = LedgerLock.Take(options.Directory, time.GetUtcNow());
            reserve = new LedgerReserve(Path.Combine(options.Directory, ReserveName), options.ReserveBytes);
            reserve.Run(SmallChange, () => database = LedgerDatabase.Open(options));
            var content = LedgerContent.Read(database!, LedgerDatabase.PathOf(options), options.ChecksPages);
            var run = (content.RunBefore?.Number ?? 0) + 1;
            reserve.Run(SmallChange, () => LedgerContent.BeginRun(database!, run, content.Last, time.GetUtcNow()));
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
        Change(() => LedgerContent.EndRun(_database, _run, _last, _time.GetUtcNow()));
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
                next = _slices.EndOfNext(before);
                _slices.DeleteBefore(next);
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
        var free = _free.Bytes;
        var bytes = Math.Min(free - (kept ?? Math.Max(_free.UsedBytes, _freeBytesKept)), GroupSlices.MostBytes);
        if (bytes <= 0)
        {
            return false;
        }

        Change(() => _free.CutOff(bytes));
        _checkpoints.Wrote(bytes);

        // Not of a file that was made without the tables that this needs.
        return _free.Bytes < free;
    }

    public void Backup(string path, CancellationToken cancellationToken) => LedgerBackup.Make(_path, path, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _checkpoints.DisposeAsync();
        _finder?.Dispose();
        _insert.Dispose();
        _setFirst.Dispose();
        _slices.Dispose();
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
        _reserve.TryFill() || _free.Bytes >= _reserve.Missing + bytes;

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
        _checkpoints.Wrote((((group.Length / _free.PageSize) + 3L) * _free.PageSize));
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
