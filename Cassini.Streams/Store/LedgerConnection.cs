using Cassini.Streams.Store.Ledgers;
using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Store;

/// <summary>
/// Keeps the ledger of a journal open, and opens it anew after a failure. Used by one caller at a time, but for what says that any thread
/// may call it.
/// </summary>
/// <param name="ledgers">Makes the ledger; once more when one has failed.</param>
/// <param name="logger">Where it logs.</param>
internal sealed class LedgerConnection(Func<ILedger> ledgers, ILogger logger)
{
    /// <summary>Held while a single group is read, and while the ledger is closed.</summary>
    private readonly SemaphoreSlim _finding = new(1);

    private ILedger? _ledger;
    private GivenGroup? _given;
    private long _first;
    private volatile IOException? _checkpointFailure;

    public bool IsOpen => _ledger is not null;

    /// <summary>The number of the last group that is known to be there.</summary>
    public long Last { get; private set; }

    /// <summary>Why the log of the ledger grows; null when it does not. Any thread.</summary>
    public IOException? CheckpointFailure => _checkpointFailure;

    private ILedger Ledger => _ledger ?? throw new IOException("The ledger is closed.");

    /// <summary>Opens it for the first time.</summary>
    /// <exception cref="IOException">As <see cref="ILedger.OpenAsync"/>.</exception>
    public async ValueTask<(ILedger Ledger, LedgerExtent Extent)> OpenAsync(CancellationToken cancellationToken)
    {
        var (ledger, extent) = await OpenOneAsync(cancellationToken).ConfigureAwait(false);
        _ledger = ledger;
        (_first, Last) = (extent.First, extent.Last);
        return (ledger, extent);
    }

    /// <summary>Opens it again if it was closed, and looks whether what was given to it last is there.</summary>
    /// <exception cref="LedgerDamagedException">It does not end where it must.</exception>
    /// <exception cref="IOException">As <see cref="ILedger.OpenAsync"/>.</exception>
    public async ValueTask ReopenAsync(CancellationToken cancellationToken)
    {
        if (_ledger is not null)
        {
            return;
        }

        var (ledger, extent) = await OpenOneAsync(cancellationToken);
        if (extent.Last == Last || (extent.Last == Last + 1 && await HasGivenAsync(ledger, extent.Last, cancellationToken)))
        {
            (_first, Last) = (extent.First, extent.Last);
            _ledger = ledger;
            return;
        }

        await ledger.DisposeAsync();
        throw new LedgerDamagedException(
            $"the ledger ends with group {extent.Last}, and group {Last} was the last one of this process: another program has written it");
    }

    /// <summary>One group. Any thread.</summary>
    /// <returns>The group; null when there is none with this number.</returns>
    /// <exception cref="IOException">It cannot be read, or the ledger is closed because it has failed.</exception>
    public async ValueTask<byte[]?> FindAsync(long number, CancellationToken cancellationToken)
    {
        await _finding.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await Ledger.FindAsync(number, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _finding.Release();
        }
    }

    /// <inheritdoc cref="ILedger.AppendAsync"/>
    public async ValueTask AppendAsync(GivenGroup group, bool mayUseReserve = false)
    {
        _given = group;
        await Ledger.AppendAsync(group.Number, group.Bytes, mayUseReserve);
        Last = group.Number;
    }

    /// <summary>Drops some groups at the beginning.</summary>
    /// <param name="before">The first number that is to stay.</param>
    /// <returns>Whether all before it are dropped.</returns>
    /// <exception cref="IOException">It failed: some of them may be gone.</exception>
    public async ValueTask<bool> TrimAsync(long before)
    {
        // An attempt that failed may have dropped them all.
        _first = before > _first ? await Ledger.TrimAsync(before) : _first;
        return before <= _first;
    }

    /// <summary>Looks whether it is in its place, and gives back room that it does not need. Once a second.</summary>
    /// <param name="isShort">Whether room is short.</param>
    /// <exception cref="IOException">It is not in its place, or the disk says no.</exception>
    public void Tend(bool isShort)
    {
        _ledger?.RequireInPlace();
        _ledger?.GiveBackRoom(isShort);
    }

    /// <summary>Begins once more what tidies up behind the appends, if that failed. Once a second.</summary>
    public void RetryCheckpoint()
    {
        var failure = _ledger?.RetryCheckpoint();
        if (failure is not null && _checkpointFailure is null)
        {
            StoreLog.CheckpointFailed(logger, failure);
        }

        _checkpointFailure = failure;
    }

    /// <inheritdoc cref="ILedger.SealAsync"/>
    public ValueTask SealAsync() => Ledger.SealAsync();

    /// <summary>Closes it, if it is open.</summary>
    public async ValueTask CloseAsync()
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
            StoreLog.CloseFailed(logger, failure);
        }
        finally
        {
            _finding.Release();
        }
    }

    private async Task<(ILedger Ledger, LedgerExtent Extent)> OpenOneAsync(CancellationToken cancellationToken)
    {
        var ledger = ledgers();
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

    /// <summary>Whether its last group is exactly what was given to it, and nothing that somebody else has appended.</summary>
    private async ValueTask<bool> HasGivenAsync(ILedger ledger, long last, CancellationToken cancellationToken)
    {
        if (_given is { } given && given.Number == last)
        {
            await foreach (var group in ledger.ReadAsync(last, cancellationToken))
            {
                return group.Bytes.Span.SequenceEqual(given.Bytes.Span);
            }
        }

        return false;
    }
}
