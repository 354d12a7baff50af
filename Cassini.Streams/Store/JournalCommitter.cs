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

    private readonly LedgerConnection _ledger;
    private readonly ChangeBuffer _buffer;
    private readonly JournalRewrite _rewrite;
    private readonly Durability _durability;
    private readonly StoreSpace _space;
    private readonly StoreCondition _condition;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly GroupWriter _writer;
    private readonly GroupTrimmer _trimmer;
    private readonly TimeSpan _gathering;

    private OpenGroup? _taken;
    private long _ticket;
    private GivenGroup? _encoded;
    private bool _isLoaded;
    private bool _isFull;
    private bool _isFlowing;
    private long _lookedAt;

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
        _ledger = new LedgerConnection(ledgers, logger);
        _buffer = buffer;
        _rewrite = rewrite;
        _durability = durability;
        _space = space;
        _condition = condition;
        _time = time;
        _logger = logger;
        _writer = new GroupWriter(time);
        _trimmer = new GroupTrimmer(_ledger, rewrite, buffer, logger);
    }

    /// <summary>How the commits were.</summary>
    public CommitCounters Counters { get; } = new();

    /// <summary>Why the log of the ledger grows; null when it does not. Any thread.</summary>
    public IOException? CheckpointFailure => _ledger.CheckpointFailure;

    /// <summary>Opens the ledger, which stays open.</summary>
    /// <exception cref="IOException">As <see cref="ILedger.OpenAsync"/>.</exception>
    public ValueTask<(ILedger Ledger, LedgerExtent Extent)> OpenAsync(CancellationToken cancellationToken) =>
        _ledger.OpenAsync(cancellationToken);

    /// <inheritdoc cref="LedgerConnection.FindAsync"/>
    public ValueTask<byte[]?> FindAsync(long number, CancellationToken cancellationToken) => _ledger.FindAsync(number, cancellationToken);

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
                await _trimmer.TrimAsync();
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
            await _ledger.CloseAsync();
            throw;
        }
    }

    /// <summary>Writes what is left, if the ledger takes it at once, notes that this is the end, and closes the ledger.</summary>
    public async ValueTask FinishAsync()
    {
        try
        {
            if (_ledger.IsOpen && _isLoaded)
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
            await _ledger.CloseAsync();
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
                await _ledger.ReopenAsync(cancellationToken);
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
        group.Place.Group = _encoded!.Number;
        _encoded = null;
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

        await _ledger.CloseAsync();
    }

    /// <summary>
    /// Appends a group, unless it is there. On a full disk new messages are refused from now on; what was taken in before, and all that
    /// makes room later, is kept in the reserve.
    /// </summary>
    private async ValueTask WriteAsync(OpenGroup group)
    {
        // Once: a second time its messages would be taken for written.
        var encoded = _encoded ??= new GivenGroup(_ledger.Last + 1, _writer.Write(_ledger.Last + 1, group.Changes));
        if (encoded.Bytes.IsEmpty)
        {
            return;
        }

        var began = _time.GetTimestamp();
        if (_ledger.Last < encoded.Number)
        {
            await AppendAsync(encoded);
        }

        Counters.Add(group.Count, encoded.Bytes.Length, _time.GetElapsedTime(began));
        _rewrite.NoteAppended(encoded.Number, encoded.Bytes.Length, _ticket);
    }

    private async ValueTask AppendAsync(GivenGroup encoded)
    {
        try
        {
            await _ledger.AppendAsync(encoded);
            _isFull = _isFull && _space.Shortage(_rewrite.Bytes, isShort: true) is not null;
        }
        catch (LedgerFullException full)
        {
            _isFull = true;
            _condition.Full(full.Message);
            await _ledger.AppendAsync(encoded, mayUseReserve: true);
        }
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
            _ledger.Tend(_isFull);
        }
        catch (IOException failure)
        {
            await FailAsync(failure);
        }

        _ledger.RetryCheckpoint();
        if (_space.Shortage(_rewrite.Bytes, _isFull) is { } shortage)
        {
            _isFull = true;
            _condition.Full(shortage);
        }
        else if (_isFull && _ledger.IsOpen)
        {
            await TryAppendNothingAsync();
        }

        _rewrite.IsPressed = _isFull;
    }

    private async ValueTask TryAppendNothingAsync()
    {
        var nothing = new GivenGroup(_ledger.Last + 1, _writer.WriteNothing(_ledger.Last + 1));
        try
        {
            await _ledger.AppendAsync(nothing);
            _isFull = false;
            _rewrite.NoteAppended(nothing.Number, nothing.Bytes.Length, ticket: 0);
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
}
