using Cassini.Streams.Store.Ledgers;

namespace Cassini.Tests.Store.Ledgers;

/// <summary>
/// A ledger that misbehaves as a test says, over one that does not. After a failure that leaves open whether the group is there it refuses
/// changes until it is opened again, as the real one does.
/// </summary>
/// <param name="inner">The other one.</param>
internal sealed class FaultyLedger(ILedger inner) : ILedger
{
    private bool _isBroken;

    /// <summary>Called with the number before each append. The append waits for it, so it also makes one slow, or stand still.</summary>
    public Func<long, ValueTask<LedgerFault>> OnAppend { get; set; } = static _ => new(LedgerFault.None);

    /// <summary>Called with the number before a single group is read, which waits for it.</summary>
    public Func<long, ValueTask> OnFind { get; set; } = static _ => ValueTask.CompletedTask;

    /// <summary>Called after groups were dropped; what it throws leaves open what was.</summary>
    public Action OnTrimmed { get; set; } = static () => { };

    /// <summary>What its checkpoints fail with; null when they do not.</summary>
    public Func<IOException?> CheckpointFailure { get; set; } = static () => null;

    public IOException? RetryCheckpoint() => CheckpointFailure();

    public ValueTask<LedgerExtent> OpenAsync(CancellationToken cancellationToken)
    {
        _isBroken = false;
        return inner.OpenAsync(cancellationToken);
    }

    public async ValueTask AppendAsync(long number, ReadOnlyMemory<byte> group, bool mayUseReserve = false)
    {
        ThrowIfBroken();
        var fault = await OnAppend(number);
        if (fault == LedgerFault.Full || (fault == LedgerFault.FullButForReserve && !mayUseReserve))
        {
            throw new LedgerFullException("The disk is full, says the test.");
        }

        if (fault != LedgerFault.Write)
        {
            await inner.AppendAsync(number, group, mayUseReserve);
        }

        if (fault is LedgerFault.Write or LedgerFault.Flush)
        {
            _isBroken = true;
            throw new IOException($"{fault} failed, says the test.");
        }
    }

    public ValueTask SealAsync()
    {
        ThrowIfBroken();
        return inner.SealAsync();
    }

    public IAsyncEnumerable<LedgerGroup> ReadAsync(long from, CancellationToken cancellationToken) =>
        inner.ReadAsync(from, cancellationToken);

    public async ValueTask<byte[]?> FindAsync(long number, CancellationToken cancellationToken)
    {
        await OnFind(number);
        return await inner.FindAsync(number, cancellationToken);
    }

    public async ValueTask<long> TrimAsync(long before)
    {
        ThrowIfBroken();
        var first = await inner.TrimAsync(before);
        try
        {
            OnTrimmed();
        }
        catch (IOException)
        {
            _isBroken = true;
            throw;
        }

        return first;
    }

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private void ThrowIfBroken()
    {
        if (_isBroken)
        {
            throw new IOException("It must be closed and opened again, says the test.");
        }
    }
}
