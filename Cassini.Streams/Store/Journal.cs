using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Events;
using Cassini.Streams.Primitives;
using Cassini.Streams.Store.Ledgers;
using Cassini.Streams.Store.Maintenance;
using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Store;

/// <summary>
/// The broker's durable store: puts changes into a buffer, from which a committer appends them to a ledger, and reads them back at the
/// start. Thread-safe.
/// </summary>
internal sealed class Journal : IBrokerStore, IAsyncDisposable
{
    /// <summary>How often a start says how far it has come.</summary>
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromMilliseconds(250);

    /// <summary>About what a session and a copy take, beside the message.</summary>
    private const int CostOfSession = 128;

    private const int CostOfCopy = 64;

    private readonly ILogger _logger;
    private readonly StoreOptions _options;
    private readonly IEventPublisher _events;
    private readonly TimeProvider _time;
    private readonly ChangeBuffer _buffer;
    private readonly JournalRewrite _rewrite;
    private readonly JournalCommitter _committer;
    private readonly StoreCondition _condition;
    private readonly StoreSpace _space;
    private readonly BacklogReader _reader;

    // For the gate of the buffer.
    private readonly Dictionary<long, WillRecord> _wills = [];
    private uint _lastSession;
    private long _lastWill;

    private Task _running = Task.CompletedTask;

    /// <param name="ledgers">Makes the ledger; once more when one has failed.</param>
    /// <param name="options">The limits.</param>
    /// <param name="free">How much room is left on its disk; null when that is not known.</param>
    /// <param name="events">Where it publishes what becomes of it.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Where it logs.</param>
    public Journal(
        Func<ILedger> ledgers,
        StoreOptions options,
        Func<long?> free,
        IEventPublisher events,
        TimeProvider time,
        ILogger<Journal> logger)
    {
        _logger = logger;
        _options = options;
        _events = events;
        _time = time;
        _buffer = new ChangeBuffer(Durability, time);
        _space = new StoreSpace(options, free);
        _rewrite = new JournalRewrite(_buffer, options.CompactBytes, _space);
        _condition = new StoreCondition(() => _rewrite.Bytes, events, time);
        _committer = new JournalCommitter(ledgers, _buffer, _rewrite, Durability, _space, _condition, options.Gathering, time, logger);
        _reader = new BacklogReader(_committer.FindAsync, Durability.Closed, time, logger);
    }

    /// <summary>How long a stop waits for the disk: writing what waits and closing takes less, unless the disk does not answer.</summary>
    internal static TimeSpan StopPatience { get; } = TimeSpan.FromSeconds(5);

    public Durability Durability { get; } = new();

    public string? Refusal => _condition.Refusal;

    public long Capacity => _options.MaxBytes;

    public bool WantsRewrite(long live)
    {
        _rewrite.NoteLive(live);
        return _rewrite.IsDue;
    }

    /// <summary>What it has done, and how it is. Any thread.</summary>
    public StoreStatistics Statistics
    {
        get
        {
            var counters = _committer.Counters;
            return new StoreStatistics(
                counters.Commits, counters.Changes, counters.Bytes, counters.Time, _rewrite.Bytes, _rewrite.LiveBytes, _rewrite.Count,
                _buffer.Lag, Refusal is null);
        }
    }

    /// <summary>How it does, for health. One caller: it tells the longest commit since the last call.</summary>
    public StoreLoad Sample() => new(_rewrite.Bytes, _rewrite.LiveBytes, _buffer.Lag, _committer.Counters.TakeSlowest())
    {
        Warning = _space.Warning(_rewrite.Bytes),
        ReadFailure = _reader.Failure,
        CheckpointFailure = _committer.CheckpointFailure?.Message,
    };

    /// <summary>Opens the ledger and reads it.</summary>
    /// <exception cref="LedgerInUseException">Another process has it.</exception>
    /// <exception cref="LedgerDamagedException">It, or a group in it, is damaged or newer than this version.</exception>
    /// <exception cref="IOException">The disk says no.</exception>
    public async ValueTask<BrokerState> LoadAsync(long maxQueuedInMemory, CancellationToken cancellationToken)
    {
        // A disk may not answer for as long as it likes, and a stop must not wait for it.
        BrokerState? state = null;
        var loading = OwnThread.RunAsync(
            "cassini load", async () => state = await LoadOnceAsync(maxQueuedInMemory, cancellationToken));
        try
        {
            await loading.WaitAsync(cancellationToken).ConfigureAwait(false);
            return state!;
        }
        catch (OperationCanceledException) when (!loading.IsCompleted)
        {
            TaskObserver.Observe(loading, static _ => { });
            throw;
        }
    }

    private async Task<BrokerState> LoadOnceAsync(long maxQueuedInMemory, CancellationToken cancellationToken)
    {
        var began = _time.GetTimestamp();
        _events.Publish(new StoreRecovering(0, 0, 0, 0));
        var (ledger, extent) = await _committer.OpenAsync(cancellationToken).ConfigureAwait(false);
        var replay = await ReadAsync(ledger, extent, maxQueuedInMemory, cancellationToken).ConfigureAwait(false);
        await SupplyAsync(replay, cancellationToken).ConfigureAwait(false);
        _lastSession = replay.LastSession;
        _lastWill = replay.LastWill;
        var state = replay.ToState(Open);
        _rewrite.Begin(extent.Bytes, LiveBytesOf(state));
        _committer.NoteLoaded();
        foreach (var will in state.Wills)
        {
            _wills[will.Number] = will.Will;
        }

        _events.Publish(new StoreOpened(
            _options.Level.ToString().ToLowerInvariant(), extent.Bytes, replay.Sessions, replay.Messages, _time.GetElapsedTime(began)));
        return state;
    }

    /// <summary>Commits the changes. Run it under a supervisor, from the load on and until nothing changes any more.</summary>
    public Task RunAsync(CancellationToken cancellationToken) =>
        _running = OwnThread.RunAsync("cassini journal", () => _committer.RunAsync(cancellationToken));

    public ISessionStore OpenSession(SessionRecord session)
    {
        lock (_buffer.Gate)
        {
            // It is known only when it was put: what fails before leaves nothing that nobody would end.
            var log = new SessionLog(_buffer, _rewrite, _reader, ++_lastSession);
            log.BeginLocked();
            log.Put(session);
            _rewrite.AddLocked(log);
            return log;
        }
    }

    public long PutWill(WillRecord will)
    {
        lock (_buffer.Gate)
        {
            PutWillLocked(++_lastWill, will);
            Durability.Note(_buffer.TicketLocked);
            _wills[_lastWill] = will;
            return _lastWill;
        }
    }

    public void DeleteWill(long number)
    {
        lock (_buffer.Gate)
        {
            _buffer.AddLocked(RecordType.WillEnd, null, number, 0);
            _wills.Remove(number);
        }
    }

    public void PutRetained(StoredMessage message, string identity, RetainedStamp stamp)
    {
        lock (_buffer.Gate)
        {
            _buffer.AddLocked(RecordType.Retained, (message, identity, stamp), 0, message.Size);
            Durability.Note(_buffer.TicketLocked);
        }
    }

    public void DeleteRetained(byte[] topic, RetainedStamp stamp)
    {
        lock (_buffer.Gate)
        {
            _buffer.AddLocked(RecordType.RetainedEnd, (topic, stamp), 0, topic.Length);
            Durability.Note(_buffer.TicketLocked);
        }
    }

    public void PutRetainedFloor(RetainedStamp floor)
    {
        lock (_buffer.Gate)
        {
            _buffer.AddLocked(RecordType.RetainedFloor, floor, 0, RetainedStamp.Size);
        }
    }

    public void BeginRewrite()
    {
        lock (_buffer.Gate)
        {
            _rewrite.BeginLocked();
            foreach (var (number, will) in _wills)
            {
                PutWillLocked(number, will);
            }
        }
    }

    public async ValueTask EndRewriteAsync(CancellationToken cancellationToken)
    {
        long last;
        lock (_buffer.Gate)
        {
            // One more group at the end: even when nothing lives, all that was before may be dropped.
            _buffer.AddLocked(RecordType.WillEnd, null, 0, 0);
            last = _buffer.TicketLocked;
        }

        await Durability.WhenReachedAsync(last, cancellationToken).ConfigureAwait(false);
        lock (_buffer.Gate)
        {
            _rewrite.EndLocked();
        }
    }

    public StoreUnit BeginUnit()
    {
        _buffer.BeginUnit();
        return new StoreUnit(this);
    }

    public void EndUnit() => _buffer.EndUnit();

    /// <summary>
    /// Writes what waits when its run has ended, and closes the ledger. Changes that follow are not kept. When the disk does not answer for
    /// 5 seconds, it is left to itself: what was not written is logged, and nobody was told that it was kept.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        await Durability.CloseAsync().ConfigureAwait(false);
        var ended = OwnThread.RunAsync("cassini journal end", EndAsync);
        try
        {
            await ended.WaitAsync(StopPatience, _time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            StoreLog.StopLeft(_logger, StopPatience, _buffer.Waiting);
            TaskObserver.Observe(ended, failure => StoreLog.LastWriteFailed(_logger, failure));
        }
    }

    private async Task EndAsync()
    {
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        await _committer.FinishAsync();
    }

    private SessionLog Open(uint number)
    {
        lock (_buffer.Gate)
        {
            var log = new SessionLog(_buffer, _rewrite, _reader, number);
            _rewrite.AddLocked(log);
            return log;
        }
    }

    /// <summary>
    /// About what writing it anew would take. A message of several sessions counts for each: too much rather than too little.
    /// </summary>
    private static long LiveBytesOf(BrokerState state) =>
        state.Sessions.Sum(session => CostOfSession
            + (session.Backlog is { } backlog ? backlog.Bytes + ((long)backlog.Count * CostOfCopy) : 0)
            + session.Messages.Sum(one => (long)one.Message.Message.Payload.Length + one.Message.Message.Properties.Length + CostOfCopy))
        + state.Retained.Sum(one => (long)one.Message.Payload.Length + one.Message.Properties.Length + CostOfCopy)
        + state.RetainedMarks.Sum(one => (long)one.Topic.Length + CostOfCopy);

    private void PutWillLocked(long number, WillRecord will) =>
        _buffer.AddLocked(RecordType.Will, will, number, will.Topic.Length + will.Payload.Length + will.Properties.Length);

    private async ValueTask<JournalReplay> ReadAsync(
        ILedger ledger, LedgerExtent extent, long maxQueuedInMemory, CancellationToken cancellationToken)
    {
        var replay = new JournalReplay(_time, maxQueuedInMemory);
        var read = 0L;
        var saidAt = 0L;
        await foreach (var group in ledger.ReadAsync(extent.First, cancellationToken).ConfigureAwait(false))
        {
            if (saidAt == 0 || _time.GetElapsedTime(saidAt) >= ProgressInterval)
            {
                saidAt = _time.GetTimestamp();
                _events.Publish(new StoreRecovering(read, extent.Bytes, replay.Sessions, replay.Messages));
            }

            JournalProblem.ThrowIfUnreadable(replay, group);
            read += group.Bytes.Length;
        }

        return replay;
    }

    /// <summary>Reads what was sent and is not in memory.</summary>
    private async ValueTask SupplyAsync(JournalReplay replay, CancellationToken cancellationToken)
    {
        foreach (var (session, missing) in replay.Missing)
        {
            foreach (var copy in await _reader.ReadAsync(session, () => missing, 1, cancellationToken).ConfigureAwait(false))
            {
                replay.Supply(session, copy);
            }
        }
    }
}
