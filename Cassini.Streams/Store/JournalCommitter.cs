using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Store.Ledgers;
using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Store;

/// <summary>
/// Writes the groups of a journal to its ledger, one after another, on a thread of its own. Nothing is assumed of a group whose append has
/// failed: on a full disk it is tried again, and after any other failure the ledger is opened anew and looked into. One run at a time.
/// </summary>
internal sealed class JournalCommitter
{
    /// <summary>How long a ledger that has failed or is full is left alone, and how often the room on the disk is looked at.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Of a group with fewer changes nobody can tell whether more are on their way.</summary>
    private const int FewChanges = 32;

    /// <summary>So many changes for each of those who have waited say that these go on while they wait.</summary>
    private const int ManyForEach = 8;

    private readonly Func<ILedger> _ledgers;
    private readonly ChangeBuffer _buffer;
    private readonly JournalRewrite _rewrite;
    private readonly Durability _durability;
    private readonly StoreSpace _space;
    private readonly StoreCondition _condition;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly GroupWriter _writer;
    private readonly TimeSpan _gathering;

    /// <summary>Held while a single group is read, and while the ledger is closed.</summary>
    private readonly SemaphoreSlim _finding = new(1);

    private ILedger? _ledger;
    private OpenGroup? _taken;
    private long _ticket;

    // What was given to the ledger last. It may be there although its append has failed.
    private long _appending;
    private ReadOnlyMemory<byte> _bytes;
    private bool _isEncoded;
    private bool _isLoaded;

    private long _firstGroup;
    private long _lastGroup;
    private bool _isFull;
    private bool _isTrimFailing;
    private bool _isFlowing;
    private long _lookedAt;
    private volatile IOException? _checkpointFailure;

    /// <param name="ledgers">Makes the ledger; once more when one has failed.</param>
    /// <param name="buffer">Where the groups come from.</param>
    /// <param name="rewrite">What may be dropped.</param>
    /// <param name="durability">Who waits for them.</param>
    /// <param name="space">The limits.</param>
    /// <param name="condition">Where it says how it does.</param>
    /// <param name="gathering">How long it waits for more while much comes.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Where it logs.</param>
    public JournalCommitter(
        Func<ILedger> ledgers,
        ChangeBuffer buffer,
        JournalRewrite rewrite,
        Durability durability,
        StoreSpace space,
        StoreCondition condition,
        TimeSpan gathering,
        TimeProvider time,
        ILogger logger)
    {
        _gathering = gathering;
        _ledgers = ledgers;
        _buffer = buffer;
        _rewrite = rewrite;
        _durability = durability;
        _space = space;
        _condition = condition;
        _time = time;
        _logger = logger;
        _writer = new GroupWriter(time);
    }

    /// <summary>How the commits were.</summary>
    public CommitCounters Counters { get; } = new();

    /// <summary>Why the log of the ledger grows; null when it does not. Any thread.</summary>
    public IOException? CheckpointFailure => _checkpointFailure;

    /// <summary>Opens the ledger, which stays open.</summary>
    /// <exception cref="IOException">As <see cref="ILedger.OpenAsync"/>.</exception>
    public async ValueTask<(ILedger Ledger, LedgerExtent Extent)> OpenAsync(CancellationToken cancellationToken)
    {
        var (ledger, extent) = await OpenLedgerAsync(cancellationToken).ConfigureAwait(false);
        _ledger = ledger;
        (_firstGroup, _lastGroup) = (extent.First, extent.Last);
        return (ledger, extent);
    }

    /// <summary>One group. Any thread.</summary>
    /// <returns>The group; null when there is none with this number.</returns>
    /// <exception cref="IOException">It cannot be read, or the ledger is closed because it has failed.</exception>
    public async ValueTask<byte[]?> FindAsync(long number, CancellationToken cancellationToken)
    {
        await _finding.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return _ledger is { } ledger
                ? await ledger.FindAsync(number, cancellationToken).ConfigureAwait(false)
                : throw new IOException("The ledger is closed.");
        }
        finally
        {
            _finding.Release();
        }
    }

    /// <summary>All of it was read: from now on it may be changed.</summary>
    public void NoteLoaded() => _isLoaded = true;

    /// <summary>
    /// Writes group after group. After an exception it goes on where it was when it is called again, with the ledger opened anew.
    /// </summary>
    /// <param name="cancellationToken">Ends it: what is left then is for <see cref="FinishAsync"/>.</param>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = _time.CreateTimer(_ => _buffer.Signal(), null, Pause, Pause);
        try
        {
            while (true)
            {
                if (_taken is null)
                {
                    await _buffer.WaitAsync(cancellationToken);
                    await LookAtRoomAsync();
                    await GatherAsync(cancellationToken);
                    _taken = _buffer.Take(out _ticket);
                }

                await CommitAsync(_taken, cancellationToken);
                await TrimAsync();
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return;
        }
        catch (Exception failure)
        {
            // What it was in the middle of is not known. The next run finds out.
            _condition.Failing(failure);
            await CloseAsync();
            throw;
        }
    }

    /// <summary>Writes what is left, if the ledger takes it at once, notes that this is the end, and closes the ledger.</summary>
    public async ValueTask FinishAsync()
    {
        try
        {
            if (_ledger is not null && _isLoaded)
            {
                for (var rest = _taken ?? _buffer.Take(out _ticket); rest is not null; rest = TakeRest())
                {
                    await WriteAsync(rest);
                    Complete(rest);
                }

                await _ledger.SealAsync();
            }
            else if (_isLoaded && _buffer.WaitingSince is not null)
            {
                StoreLog.LastWriteFailed(_logger, null);
            }
        }
        catch (Exception failure) when (failure is IOException or InvalidOperationException)
        {
            // What is left is not durable, and nobody was told that it is.
            StoreLog.LastWriteFailed(_logger, failure);
        }
        finally
        {
            await CloseAsync();
        }
    }

    /// <summary>
    /// When few wait for much, they have sent it without waiting: a little later there is more, and one commit does for all of it. A client
    /// that waits for each answer waits this long at most, and only while others send without waiting.
    /// </summary>
    private async ValueTask GatherAsync(CancellationToken cancellationToken)
    {
        if (_isFlowing && _gathering > TimeSpan.Zero)
        {
            await Task.Delay(_gathering, _time, cancellationToken);
        }
    }

    private OpenGroup? TakeRest()
    {
        var rest = _buffer.Take(out _ticket);
        return rest.Count > 0 ? rest : null;
    }

    /// <summary>Appends a group, and tries again for as long as that fails.</summary>
    private async Task CommitAsync(OpenGroup group, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                _ledger ??= await ReopenAsync(cancellationToken);
                await WriteAsync(group);
                break;
            }
            catch (LedgerFullException full)
            {
                _isFull = true;
                _condition.Full(full.Message);
            }
            catch (IOException failure)
            {
                await FailAsync(failure);
            }

            await Task.Delay(Pause, _time, cancellationToken);
        }

        Complete(group);
        if (!_isFull)
        {
            _condition.Good();
        }
    }

    private void Complete(OpenGroup group)
    {
        _taken = null;
        _isEncoded = false;
        group.Place.Group = _appending;
        _isFlowing = _durability.Reach(_ticket) is var waited && group.Count >= FewChanges && group.Count >= ManyForEach * waited;
        _buffer.GiveBack(group);
    }

    /// <summary>The ledger is closed, and opened again before it is used.</summary>
    private async ValueTask FailAsync(IOException failure)
    {
        if (_condition.Failing(failure))
        {
            StoreLog.Failing(_logger, failure);
        }

        await CloseAsync();
    }

    /// <summary>
    /// Appends a group, unless it is there. On a full disk new messages are refused from now on; what was taken in before, and all that
    /// makes room later, is kept in the reserve.
    /// </summary>
    private async ValueTask WriteAsync(OpenGroup group)
    {
        if (!_isEncoded)
        {
            // Once: a second time its messages would be taken for written.
            (_appending, _bytes) = (_lastGroup + 1, _writer.Write(_lastGroup + 1, group.Changes));
            _isEncoded = true;
        }

        if (_bytes.IsEmpty)
        {
            return;
        }

        var began = _time.GetTimestamp();
        if (_lastGroup < _appending)
        {
            await AppendAsync();
        }

        Counters.Add(group.Count, _bytes.Length, _time.GetElapsedTime(began));
        _rewrite.NoteAppended(_appending, _bytes.Length, _ticket);
    }

    private async ValueTask AppendAsync()
    {
        try
        {
            await _ledger!.AppendAsync(_appending, _bytes);
            _isFull = _isFull && _space.Shortage(_rewrite.Bytes, isShort: true) is not null;
        }
        catch (LedgerFullException full)
        {
            _isFull = true;
            _condition.Full(full.Message);
            await _ledger!.AppendAsync(_appending, _bytes, mayUseReserve: true);
        }

        _lastGroup = _appending;
    }

    /// <summary>
    /// Once a second: whether there is room. While new messages are refused, nothing may come that would show that there is some again, so
    /// a group without a meaning is appended.
    /// </summary>
    private async ValueTask LookAtRoomAsync()
    {
        if (_lookedAt != 0 && _time.GetElapsedTime(_lookedAt) < Pause)
        {
            return;
        }

        _lookedAt = _time.GetTimestamp();
        try
        {
            _ledger?.RequireInPlace();
            _ledger?.GiveBackRoom(_isFull);
        }
        catch (IOException failure)
        {
            await FailAsync(failure);
        }

        LookAtCheckpoints();
        if (_space.Shortage(_rewrite.Bytes, _isFull) is { } shortage)
        {
            _isFull = true;
            _condition.Full(shortage);
        }
        else if (_isFull && _ledger is { } ledger)
        {
            await TryAppendNothingAsync(ledger);
        }

        _rewrite.IsPressed = _isFull;
    }

    private void LookAtCheckpoints()
    {
        var failure = _ledger?.RetryCheckpoint();
        if (failure is not null && _checkpointFailure is null)
        {
            StoreLog.CheckpointFailed(_logger, failure);
        }

        _checkpointFailure = failure;
    }

    private async ValueTask TryAppendNothingAsync(ILedger ledger)
    {
        (_appending, _bytes) = (_lastGroup + 1, _writer.WriteNothing(_lastGroup + 1));
        try
        {
            await ledger.AppendAsync(_appending, _bytes);
            _lastGroup = _appending;
            _isFull = false;
            _rewrite.NoteAppended(_appending, _bytes.Length, ticket: 0);
        }
        catch (LedgerFullException)
        {
            // It is full still.
            return;
        }
        catch (IOException failure)
        {
            await FailAsync(failure);
        }
    }

    /// <summary>Drops some of the groups that were written anew; more of them after the next group, so that none waits for all.</summary>
    private async Task TrimAsync()
    {
        if (_ledger is not { } ledger || !_rewrite.IsDropping)
        {
            return;
        }

        var all = _rewrite.DropBefore;
        try
        {
            // An attempt that failed may have dropped them all.
            _firstGroup = all > _firstGroup ? await ledger.TrimAsync(all) : _firstGroup;
            _isTrimFailing = false;
        }
        catch (IOException failure)
        {
            if (!_isTrimFailing)
            {
                StoreLog.TrimFailed(_logger, failure);
            }

            // They are tried again with the next group, at the latest in a second.
            _isTrimFailing = true;
            return;
        }

        if (all <= _firstGroup)
        {
            _rewrite.NoteDropped();
        }
        else
        {
            _buffer.Signal();
        }
    }

    /// <summary>Opens the ledger again after a failure, and looks whether what was being appended is there.</summary>
    private async Task<ILedger> ReopenAsync(CancellationToken cancellationToken)
    {
        var (ledger, extent) = await OpenLedgerAsync(cancellationToken);
        var isAppended = extent.Last == _appending && extent.Last == _lastGroup + 1
            && await HasAsync(ledger, _appending, _bytes, cancellationToken);
        if (isAppended || extent.Last == _lastGroup)
        {
            (_firstGroup, _lastGroup) = (extent.First, extent.Last);
            return ledger;
        }

        await ledger.DisposeAsync();
        throw new LedgerDamagedException(
            $"the ledger ends with group {extent.Last}, and group {_lastGroup} was the last one of this process: "
            + "another program has written it");
    }

    /// <summary>Whether a group is exactly what was given to the ledger, and nothing that somebody else has appended.</summary>
    private static async Task<bool> HasAsync(
        ILedger ledger, long number, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        await foreach (var group in ledger.ReadAsync(number, cancellationToken))
        {
            return group.Bytes.Span.SequenceEqual(bytes.Span);
        }

        return false;
    }

    private async Task<(ILedger Ledger, LedgerExtent Extent)> OpenLedgerAsync(CancellationToken cancellationToken)
    {
        var ledger = _ledgers();
        try
        {
            return (ledger, await ledger.OpenAsync(cancellationToken).ConfigureAwait(false));
        }
        catch
        {
            await ledger.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async Task CloseAsync()
    {
        await _finding.WaitAsync(CancellationToken.None);
        try
        {
            if (Interlocked.Exchange(ref _ledger, null) is { } ledger)
            {
                await ledger.DisposeAsync();
            }
        }
        catch (IOException failure)
        {
            StoreLog.CloseFailed(_logger, failure);
        }
        finally
        {
            _finding.Release();
        }
    }
}
