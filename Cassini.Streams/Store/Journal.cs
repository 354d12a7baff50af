using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Primitives;
using Cassini.Streams.Store.Ledgers;
using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Store;

/// <summary>
/// The broker's durable store: gathers changes in groups and appends them to a ledger, one after the other, on a thread of its own. While
/// one group is being written the next one fills, so that groups grow with the load and nothing waits for a timer. Thread-safe.
/// </summary>
internal sealed class Journal : IBrokerStore, IAsyncDisposable
{
    /// <summary>Changes of so many bytes may wait to be written before no more messages are taken.</summary>
    private const long MostOpen = 8 << 20;

    /// <summary>About what a change takes in a group, beside its texts.</summary>
    private const int CostOfChange = 16;

    /// <summary>How long a ledger that has failed or is full is left alone.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>So many groups are dropped at once.</summary>
    private const int GroupsOfATrim = 256;

    private readonly Func<ILedger> _ledgers;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly GroupWriter _writer;
    private readonly long _compactBytes;
    private readonly SemaphoreSlim _signal = new(0);
    private readonly CancellationTokenSource _ending = new();

    // For the gate.
    private OpenGroup _open = new();
    private OpenGroup? _spare = new();
    private long _ticket = 1;
    private readonly HashSet<SessionLog> _sessions = [];
    private readonly Dictionary<long, WillRecord> _wills = [];
    private uint _lastSession;
    private long _lastWill;
    private long _rewriteSince;
    private long _rewriteGroup;
    private long _trimBefore;
    private int _units;
    private bool _isClosing;
    private bool _isSignalled;

    // For the committer.
    private ILedger? _ledger;
    private long _firstGroup;
    private long _lastGroup;
    private long _bytes;
    private long _bytesLive;
    private Task _committing = Task.CompletedTask;

    /// <param name="ledgers">Makes the ledger; once more when one has failed.</param>
    /// <param name="compactBytes">How many bytes it may have before what is dead in them is dropped.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Where it logs.</param>
    public Journal(Func<ILedger> ledgers, long compactBytes, TimeProvider time, ILogger<Journal> logger)
    {
        _ledgers = ledgers;
        _compactBytes = compactBytes;
        _time = time;
        _logger = logger;
        _writer = new GroupWriter(time);
    }

    public Durability Durability { get; } = new();

    /// <remarks>A rewrite costs as much as lives, so there is one only when three times as much was written since the last one.</remarks>
    public bool WantsRewrite => Volatile.Read(ref _bytes) >= Math.Max(_compactBytes, 4 * Volatile.Read(ref _bytesLive));

    /// <summary>Whether a group has not reached the ledger at the first attempt, and why; null when nothing is wrong. Any thread.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Its holder is in a change. No other lock is taken under it.</summary>
    internal object Gate { get; } = new();

    /// <summary>Milliseconds since 1970.</summary>
    internal long UtcNow => _time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Opens the ledger and reads it.</summary>
    /// <exception cref="LedgerInUseException">Another process has it.</exception>
    /// <exception cref="LedgerDamagedException">It, or a group in it, is damaged or newer than this version.</exception>
    /// <exception cref="IOException">The disk says no.</exception>
    public async ValueTask<BrokerState> LoadAsync(CancellationToken cancellationToken)
    {
        var ledger = _ledgers();
        _ledger = ledger;
        var began = _time.GetTimestamp();
        var extent = await ledger.OpenAsync(cancellationToken).ConfigureAwait(false);
        var replay = new JournalReplay(_time);
        await foreach (var group in ledger.ReadAsync(extent.First, cancellationToken).ConfigureAwait(false))
        {
            Apply(replay, group);
        }

        (_firstGroup, _lastGroup, _bytes) = (extent.First, extent.Last, extent.Bytes);
        _lastSession = replay.LastSession;
        _lastWill = replay.LastWill;
        if (extent.Last > 0)
        {
            StoreLog.Recovered(_logger, replay.Sessions, replay.Messages, extent.Bytes, _time.GetElapsedTime(began));
        }

        _committing = OwnThread.RunAsync("cassini journal", CommitAsync);
        var state = replay.ToState(Open);
        foreach (var will in state.Wills)
        {
            _wills[will.Number] = will.Will;
        }

        return state;
    }

    public ISessionStore OpenSession(SessionRecord session)
    {
        lock (Gate)
        {
            var log = new SessionLog(this, ++_lastSession);
            log.BeginLocked();
            log.Put(session);
            _sessions.Add(log);
            return log;
        }
    }

    public long PutWill(WillRecord will)
    {
        lock (Gate)
        {
            AddLocked(RecordType.Will, will, ++_lastWill, will.Topic.Length + will.Payload.Length + will.Properties.Length);
            Durability.Note(_ticket);
            _wills[_lastWill] = will;
            return _lastWill;
        }
    }

    public void DeleteWill(long number)
    {
        lock (Gate)
        {
            AddLocked(RecordType.WillEnd, null, number, 0);
            _wills.Remove(number);
        }
    }

    public void PutRetained(StoredMessage message, string identity)
    {
        lock (Gate)
        {
            AddLocked(RecordType.Retained, (message, identity), 0, message.Size);
            Durability.Note(_ticket);
        }
    }

    public void DeleteRetained(Topic topic)
    {
        lock (Gate)
        {
            AddLocked(RecordType.RetainedEnd, topic, 0, topic.Utf8.Length);
            Durability.Note(_ticket);
        }
    }

    public void BeginRewrite()
    {
        lock (Gate)
        {
            _rewriteSince = _ticket;
            _rewriteGroup = 0;
            foreach (var (number, will) in _wills)
            {
                AddLocked(RecordType.Will, will, number, will.Topic.Length + will.Payload.Length + will.Properties.Length);
            }
        }
    }

    public async ValueTask EndRewriteAsync(CancellationToken cancellationToken)
    {
        long last;
        lock (Gate)
        {
            // One more group at the end: even when nothing lives, all that was before may be dropped.
            AddLocked(RecordType.WillEnd, null, 0, 0);
            last = _ticket;
        }

        await Durability.WhenReachedAsync(last, cancellationToken).ConfigureAwait(false);
        lock (Gate)
        {
            if (_sessions.All(session => session.CompleteSince >= _rewriteSince))
            {
                _trimBefore = _rewriteGroup;
            }
            else
            {
                // A session that began before was not found. All counts as living until the next time, which so is not at once.
                Volatile.Write(ref _bytesLive, Volatile.Read(ref _bytes));
            }

            _rewriteSince = 0;
            Signal();
        }
    }

    public StoreUnit BeginUnit()
    {
        lock (Gate)
        {
            while (_isClosing)
            {
                Monitor.Wait(Gate);
            }

            _units++;
        }

        return new StoreUnit(this);
    }

    public void EndUnit()
    {
        lock (Gate)
        {
            if (--_units == 0 && _isClosing)
            {
                Monitor.PulseAll(Gate);
            }
        }
    }

    /// <summary>Writes what waits, and closes the ledger. Changes that follow are not kept.</summary>
    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync().ConfigureAwait(false);
        await _committing.ConfigureAwait(false);
        if (_ledger is { } ledger)
        {
            await ledger.DisposeAsync().ConfigureAwait(false);
        }

        // Neither the signal nor the source is disposed: a change may come late, and both have nothing to free.
    }

    /// <summary>The group that changes are put into, and their ticket. Under the gate.</summary>
    internal OpenGroup OpenLocked(out long ticket)
    {
        ticket = _ticket;
        return _open;
    }

    /// <summary>A change was put into the open group. Under the gate.</summary>
    internal void NoteLocked(OpenGroup group, int size)
    {
        group.Bytes += CostOfChange + size;
        if (group.Bytes > MostOpen)
        {
            Durability.Room = _ticket;
        }

        Signal();
    }

    /// <summary>The ticket of the open group. Under the gate.</summary>
    internal long OpenTicketLocked => _ticket;

    /// <summary>A session has ended.</summary>
    internal void Forget(SessionLog session)
    {
        lock (Gate)
        {
            _sessions.Remove(session);
        }
    }

    private SessionLog Open(uint number)
    {
        lock (Gate)
        {
            var log = new SessionLog(this, number);
            _sessions.Add(log);
            return log;
        }
    }

    /// <summary>Wakes the committer. Under the gate.</summary>
    private void Signal()
    {
        if (!_isSignalled && !_ending.IsCancellationRequested)
        {
            _isSignalled = true;
            _signal.Release();
        }
    }

    private static void Apply(JournalReplay replay, LedgerGroup group)
    {
        try
        {
            replay.Apply(group.Number, group.Bytes.Span);
        }
        catch (JournalFormatException wrong)
        {
            throw new LedgerDamagedException($"group {group.Number} of the journal cannot be read: {wrong.Message}", wrong);
        }
    }

    private void AddLocked(RecordType type, object? subject, long number, int size)
    {
        ref var change = ref _open.At(_open.Add());
        change.Type = type;
        change.Subject = subject;
        change.Number = number;
        change.Count = 1;
        NoteLocked(_open, size);
    }

    /// <summary>Writes group after group until it is disposed, and then what is left.</summary>
    private async Task CommitAsync()
    {
        for (var isLast = false; !isLast;)
        {
            await _signal.WaitAsync(_ending.Token)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            isLast = _ending.IsCancellationRequested;
            var group = Take(out var ticket);
            try
            {
                var written = _writer.Write(_lastGroup + 1, group.Changes);
                await WriteAsync(written);
                Count(written.Length, ticket);
                await TrimAsync();
            }
            catch (OperationCanceledException) when (_ending.IsCancellationRequested)
            {
                // What is left is not durable, and nobody was told that it is.
                return;
            }
            catch (Exception bug)
            {
                // Without this line nobody would know why nothing is acknowledged any more.
                Fail(bug);
                throw;
            }

            GiveBack(group);
            Durability.Reach(ticket);
        }

        if (_ledger is { } ledger)
        {
            await ledger.SealAsync();
        }
    }

    private void Count(int bytes, long ticket)
    {
        Volatile.Write(ref _bytes, _bytes + bytes);
        lock (Gate)
        {
            if (_rewriteSince > 0 && ticket >= _rewriteSince)
            {
                if (_rewriteGroup == 0)
                {
                    _rewriteGroup = _lastGroup;
                    _bytesLive = 0;
                }

                Volatile.Write(ref _bytesLive, _bytesLive + bytes);
            }
        }
    }

    /// <summary>Drops some of the groups that were written anew; more of them after the next group, so that none waits for all.</summary>
    private async Task TrimAsync()
    {
        if (_trimBefore <= _firstGroup || _ledger is not { } ledger)
        {
            return;
        }

        var before = Math.Min(_trimBefore, _firstGroup + GroupsOfATrim);
        try
        {
            await ledger.TrimAsync(before);
            _firstGroup = before;
        }
        catch (IOException failure)
        {
            // They are dropped after the next rewrite.
            StoreLog.TrimFailed(_logger, failure);
            _trimBefore = 0;
        }

        if (_trimBefore <= _firstGroup)
        {
            Volatile.Write(ref _bytes, _bytesLive);
        }
        else
        {
            lock (Gate)
            {
                Signal();
            }
        }
    }

    /// <summary>Takes the open group, when nobody is in the middle of a unit.</summary>
    private OpenGroup Take(out long ticket)
    {
        lock (Gate)
        {
            _isClosing = true;
            while (_units > 0)
            {
                Monitor.Wait(Gate);
            }

            var taken = _open;
            ticket = _ticket++;
            _open = _spare ?? new OpenGroup();
            _spare = null;
            _isSignalled = false;
            _isClosing = false;
            Monitor.PulseAll(Gate);
            return taken;
        }
    }

    private void GiveBack(OpenGroup group)
    {
        group.Clear();
        lock (Gate)
        {
            _spare = group;
        }
    }

    /// <summary>Appends a group, and tries again for as long as that fails: nothing of it is assumed to be there, or not to be.</summary>
    private async Task WriteAsync(ReadOnlyMemory<byte> group)
    {
        if (group.IsEmpty)
        {
            return;
        }

        var number = _lastGroup + 1;
        while (true)
        {
            try
            {
                _ledger ??= await ReopenAsync(number);
                if (_lastGroup < number)
                {
                    await _ledger.AppendAsync(number, group);
                    _lastGroup = number;
                }

                Recover();
                return;
            }
            catch (LedgerFullException full)
            {
                Fail(full);
            }
            catch (IOException failure)
            {
                Fail(failure);
                await CloseAsync();
            }

            await Task.Delay(Pause, _time, _ending.Token);
        }
    }

    /// <summary>Opens the ledger again after a failure, and looks whether the group that failed is there.</summary>
    private async Task<ILedger> ReopenAsync(long number)
    {
        var ledger = _ledgers();
        try
        {
            var extent = await ledger.OpenAsync(_ending.Token);
            if (extent.Last != number && extent.Last != number - 1)
            {
                throw new LedgerDamagedException(
                    $"the ledger ends with group {extent.Last}, and group {number - 1} was the last one that was durable");
            }

            _lastGroup = extent.Last;
            return ledger;
        }
        catch
        {
            await ledger.DisposeAsync();
            throw;
        }
    }

    private async Task CloseAsync()
    {
        if (_ledger is { } ledger)
        {
            _ledger = null;
            try
            {
                await ledger.DisposeAsync();
            }
            catch (IOException failure)
            {
                StoreLog.CloseFailed(_logger, failure);
            }
        }
    }

    private void Fail(Exception failure)
    {
        if (Failure is null)
        {
            StoreLog.CommitFailed(_logger, failure);
        }

        Failure = failure;
    }

    private void Recover()
    {
        if (Failure is not null)
        {
            Failure = null;
            StoreLog.CommitsAgain(_logger);
        }
    }
}
