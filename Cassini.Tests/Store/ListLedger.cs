using System.Runtime.CompilerServices;
using Cassini.Streams.Store.Ledgers;

namespace Cassini.Tests.Store;

/// <summary>A ledger in memory, which another one made over the same list goes on with.</summary>
internal sealed class ListLedger(List<(long Number, byte[] Bytes)> groups) : ILedger
{
    public ValueTask<LedgerExtent> OpenAsync(CancellationToken cancellationToken) => ValueTask.FromResult(
        groups.Count == 0
            ? new LedgerExtent(1, 0, 0, IsSealed: true)
            : new LedgerExtent(groups[0].Number, groups[^1].Number, groups.Sum(group => group.Bytes.Length), IsSealed: false));

    public ValueTask AppendAsync(long number, ReadOnlyMemory<byte> group, bool mayUseReserve)
    {
        groups.Add((number, group.ToArray()));
        return ValueTask.CompletedTask;
    }

    public ValueTask SealAsync() => ValueTask.CompletedTask;

    public async IAsyncEnumerable<LedgerGroup> ReadAsync(long from, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var (number, bytes) in groups.Where(group => group.Number >= from).ToList())
        {
            await Task.CompletedTask;
            yield return new LedgerGroup(number, bytes);
        }
    }

    public ValueTask<byte[]?> FindAsync(long number, CancellationToken cancellationToken) =>
        new(groups.Where(group => group.Number == number).Select(group => group.Bytes).FirstOrDefault());

    public ValueTask<long> TrimAsync(long before)
    {
        groups.RemoveAll(group => group.Number < before);
        return new(before);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
