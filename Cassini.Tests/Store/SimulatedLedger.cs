using System.Runtime.CompilerServices;
using Cassini.Streams.Store.Ledgers;

namespace Cassini.Tests.Store;

/// <summary>A ledger over a simulated disk, of the process that uses the disk now.</summary>
internal sealed class SimulatedLedger(SimulatedDisk disk, int run) : ILedger
{
    private byte[][] _found = [];
    private long _first;

    /// <summary>Whether an append has failed: then only closing it is right.</summary>
    public bool HasFailed { get; private set; }

    public ValueTask<LedgerExtent> OpenAsync(CancellationToken cancellationToken)
    {
        (_first, _found) = disk.Open(this, run);
        return ValueTask.FromResult(new LedgerExtent(
            _first, _first + _found.Length - 1, _found.Sum(group => group.Length), IsSealed: _found.Length == 0));
    }

    public async ValueTask AppendAsync(long number, ReadOnlyMemory<byte> group, bool mayUseReserve = false)
    {
        try
        {
            await disk.AppendAsync(this, run, number, group).ConfigureAwait(false);
        }
        catch (IOException failure) when (failure is not LedgerFullException)
        {
            HasFailed = true;
            throw;
        }
    }

    public ValueTask SealAsync() => ValueTask.CompletedTask;

    public async IAsyncEnumerable<LedgerGroup> ReadAsync(long from, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var number = from; number < _first + _found.Length; number++)
        {
            await Task.CompletedTask;
            yield return new LedgerGroup(number, _found[number - _first]);
        }
    }

    public ValueTask<byte[]?> FindAsync(long number, CancellationToken cancellationToken) => new(disk.Find(this, run, number));

    public ValueTask<long> TrimAsync(long before)
    {
        disk.Trim(this, run, before);
        return new(before);
    }

    public ValueTask DisposeAsync()
    {
        disk.Close(this);
        return ValueTask.CompletedTask;
    }
}
