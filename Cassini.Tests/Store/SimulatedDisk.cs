using Cassini.Streams.Store.Ledgers;

namespace Cassini.Tests.Store;

/// <summary>What outlives the ledgers over it: the groups that are there, and what becomes of the next ones. Thread-safe.</summary>
internal sealed class SimulatedDisk
{
    private readonly Lock _lock = new();
    private readonly List<byte[]> _groups = [];
    private readonly Queue<AppendFate> _fates = new();
    private long _first = 1;
    private int _failingTrims;
    private int _failingReads;
    private Held? _held;
    private SimulatedLedger? _open;
    private int _failingOpens;

    /// <summary>The process whose ledgers may use it; each crash begins the next one.</summary>
    public int Run { get; private set; }

    /// <summary>What becomes of appends for which nothing was planned.</summary>
    public AppendFate Usually { get; set; }

    /// <summary>Whether an append waits for <see cref="Release"/>.</summary>
    public bool IsHolding => Volatile.Read(ref _held) is not null;

    /// <summary>Whether the next attempt to read a group fails.</summary>
    public bool FailsReads => Volatile.Read(ref _failingReads) > 0;

    /// <summary>What a ledger must never be asked for, and was.</summary>
    public string? Misuse { get; private set; }

    /// <summary>The number of the first group that is there.</summary>
    public long First
    {
        get
        {
            lock (_lock)
            {
                return _first;
            }
        }
    }

    public int Groups
    {
        get
        {
            lock (_lock)
            {
                return _groups.Count;
            }
        }
    }

    /// <summary>What is there, with the number of the first group.</summary>
    public (long First, byte[][] Groups) Content
    {
        get
        {
            lock (_lock)
            {
                return (_first, [.. _groups]);
            }
        }
    }

    /// <summary>What becomes of the next append.</summary>
    public void Plan(AppendFate fate)
    {
        lock (_lock)
        {
            _fates.Enqueue(fate);
        }
    }

    /// <summary>So many attempts to open it fail.</summary>
    public void FailOpens(int count) => Volatile.Write(ref _failingOpens, count);

    /// <summary>So many trims fail, each after it has dropped half of the groups.</summary>
    public void FailTrims(int count) => Volatile.Write(ref _failingTrims, count);

    /// <summary>So many attempts to read one group fail.</summary>
    public void FailReads(int count) => Volatile.Write(ref _failingReads, count);

    /// <summary>Ends an append that was held.</summary>
    public void Release(AppendFate fate)
    {
        Held? held;
        lock (_lock)
        {
            (held, _held) = (_held, null);
            if (held is not null && fate is AppendFate.Succeeds or AppendFate.FailsThere)
            {
                _groups.Add(held.Group);
            }
        }

        if (FailureOf(fate) is { } failure)
        {
            held?.Done.TrySetException(failure);
        }
        else
        {
            held?.Done.TrySetResult();
        }
    }

    /// <summary>From now on nothing is wrong.</summary>
    public void Heal()
    {
        lock (_lock)
        {
            _fates.Clear();
            Usually = AppendFate.Succeeds;
            _failingOpens = 0;
            _failingTrims = 0;
            _failingReads = 0;
        }

        Release(AppendFate.Succeeds);
    }

    /// <summary>The process ends: its ledgers reach the disk no more.</summary>
    /// <param name="isHeldThere">Whether an append that was held is on the disk.</param>
    public void Crash(bool isHeldThere)
    {
        lock (_lock)
        {
            Run++;
            _open = null;
            _failingOpens = 0;
            _failingTrims = 0;
            _failingReads = 0;
            _fates.Clear();
        }

        Release(isHeldThere ? AppendFate.FailsThere : AppendFate.FailsAbsent);
    }

    internal (long First, byte[][] Groups) Open(SimulatedLedger ledger, int run)
    {
        lock (_lock)
        {
            if (run != Run)
            {
                throw new IOException("The process has ended.");
            }

            if (_open is not null)
            {
                Misuse ??= "it was opened twice at a time";
            }

            if (_failingOpens > 0)
            {
                _failingOpens--;
                throw new IOException("It cannot be opened.");
            }

            _open = ledger;
            return (_first, [.. _groups]);
        }
    }

    internal void Close(SimulatedLedger ledger)
    {
        lock (_lock)
        {
            _open = _open == ledger ? null : _open;
        }
    }

    internal Task AppendAsync(SimulatedLedger ledger, int run, long number, ReadOnlyMemory<byte> group)
    {
        lock (_lock)
        {
            if (run != Run)
            {
                throw new IOException("The process has ended.");
            }

            if (_open != ledger || ledger.HasFailed || _held is not null || number != _first + _groups.Count)
            {
                Misuse ??= $"group {number} was appended to {_groups.Count} groups from {_first} on "
                    + $"(open {_open == ledger}, failed {ledger.HasFailed}, held {_held is not null})";
                throw new IOException("It was misused.");
            }

            var fate = _fates.TryDequeue(out var planned) ? planned : Usually;
            if (fate == AppendFate.Held)
            {
                var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                Volatile.Write(ref _held, new Held(group.ToArray(), done));
                return done.Task;
            }

            if (fate is AppendFate.Succeeds or AppendFate.FailsThere)
            {
                _groups.Add(group.ToArray());
            }

            return FailureOf(fate) is { } failure ? Task.FromException(failure) : Task.CompletedTask;
        }
    }

    internal byte[]? Find(SimulatedLedger ledger, int run, long number)
    {
        lock (_lock)
        {
            if (run != Run)
            {
                throw new IOException("The process has ended.");
            }

            if (_open != ledger)
            {
                Misuse ??= $"group {number} was read of a ledger that is not open";
            }

            if (_failingReads > 0)
            {
                _failingReads--;
                throw new IOException("It could not be read.");
            }

            return number >= _first && number < _first + _groups.Count ? _groups[(int)(number - _first)] : null;
        }
    }

    internal void Trim(SimulatedLedger ledger, int run, long before)
    {
        lock (_lock)
        {
            if (run != Run)
            {
                throw new IOException("The process has ended.");
            }

            if (_open != ledger || ledger.HasFailed || _held is not null || before > _first + _groups.Count)
            {
                Misuse ??= $"the groups before {before} were dropped of {_groups.Count} from {_first} on";
                throw new IOException("It was misused.");
            }

            var dropped = (int)Math.Max(0, before - _first);
            var fails = dropped > 0 && _failingTrims > 0;
            dropped = fails ? dropped / 2 : dropped;
            _groups.RemoveRange(0, dropped);
            _first += dropped;
            if (fails)
            {
                _failingTrims--;
                throw new IOException("It could not be dropped.");
            }
        }
    }

    private static IOException? FailureOf(AppendFate fate) => fate switch
    {
        AppendFate.FailsThere or AppendFate.FailsAbsent => new IOException("The write failed."),
        AppendFate.Full => new LedgerFullException("There is no room."),
        _ => null,
    };

    private sealed record Held(byte[] Group, TaskCompletionSource Done);
}
