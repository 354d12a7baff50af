using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Store.Ledgers;

namespace Cassini.Streams.Store.Maintenance;

/// <summary>
/// Writes anew what lives in a journal, drops the rest, and gives the room back, while no broker runs. As the broker's own rewrite it
/// appends first and drops then: it may be killed at any moment.
/// </summary>
internal static class JournalCompaction
{
    private const int BytesOfAGroup = 1 << 20;
    private const int CostOfChange = 16;

    /// <summary>Does it.</summary>
    /// <param name="directory">The full path of the directory of a journal.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends it; all is there still.</param>
    /// <exception cref="LedgerInUseException">A broker has it.</exception>
    /// <exception cref="LedgerDamagedException">It is damaged: it was left as it is.</exception>
    /// <exception cref="IOException">The disk says no, or is full. Nothing was dropped.</exception>
    public static async Task RunAsync(string directory, TimeProvider time, CancellationToken cancellationToken)
    {
        StoredJournal.RequireJournal(directory);
        await using var ledger = new SqliteLedger(new SqliteLedgerOptions { Directory = directory }, time);
        var extent = await ledger.OpenAsync(cancellationToken).ConfigureAwait(false);
        var replay = new JournalReplay(time);
        await foreach (var group in ledger.ReadAsync(extent.First, cancellationToken).ConfigureAwait(false))
        {
            JournalProblem.ThrowIfUnreadable(replay, group);
        }

        var numbers = new List<uint>();
        var state = replay.ToState(number =>
        {
            numbers.Add(number);
            return NoSessionStore.Instance;
        });
        var changes = new StateChanges(state, numbers, time.GetUtcNow().ToUnixTimeMilliseconds()).All();
        await AppendAsync(ledger, extent.Last + 1, changes, time, cancellationToken).ConfigureAwait(false);
        while (await ledger.TrimAsync(extent.Last + 1).ConfigureAwait(false) <= extent.Last)
        {
            cancellationToken.ThrowIfCancellationRequested();
        }

        ledger.Shrink();
        await ledger.SealAsync().ConfigureAwait(false);
    }

    /// <summary>Appends changes in groups.</summary>
    /// <param name="ledger">An open ledger.</param>
    /// <param name="number">The number of the first group.</param>
    /// <param name="changes">The changes, each with about its bytes.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends it between two groups.</param>
    public static async Task AppendAsync(
        SqliteLedger ledger, long number, IEnumerable<(Change Change, int Size)> changes, TimeProvider time,
        CancellationToken cancellationToken)
    {
        var writer = new GroupWriter(time);
        var group = new List<Change>();
        var bytes = 0L;
        foreach (var (change, size) in changes)
        {
            group.Add(change);
            bytes += CostOfChange + size;
            if (bytes >= BytesOfAGroup)
            {
                await FlushAsync().ConfigureAwait(false);
            }
        }

        if (group.Count > 0)
        {
            await FlushAsync().ConfigureAwait(false);
        }

        async Task FlushAsync()
        {
            cancellationToken.ThrowIfCancellationRequested();
            await ledger.AppendAsync(number, writer.Write(number, group.ToArray())).ConfigureAwait(false);
            number++;
            group.Clear();
            bytes = 0;
        }
    }
}
