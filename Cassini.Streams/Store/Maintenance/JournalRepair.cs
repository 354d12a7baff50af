using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Store.Ledgers;

namespace Cassini.Streams.Store.Maintenance;

/// <summary>Writes what can be read of a damaged journal into a new directory. The old one stays as it is.</summary>
/// <param name="journal">The damaged journal.</param>
/// <param name="report">What it found.</param>
/// <param name="time">The clock.</param>
internal sealed class JournalRepair(StoredJournal journal, JournalReport report, TimeProvider time)
{
    /// <summary>Does it.</summary>
    /// <param name="target">The full path of the new directory. It appears only when it is complete.</param>
    /// <param name="mode">What is kept.</param>
    /// <param name="cancellationToken">Ends it, and leaves nothing.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    public async Task<RepairResult> RunAsync(string target, RepairMode mode, CancellationToken cancellationToken)
    {
        using var directory = new NewDirectory(target);
        var result = await WriteAsync(directory.Draft, mode, cancellationToken).ConfigureAwait(false);
        directory.Complete();
        return result;
    }

    private async Task<RepairResult> WriteAsync(string draft, RepairMode mode, CancellationToken cancellationToken)
    {
        // Nobody waits for single groups, and all are on the disk when it is closed. The broker makes the reserve.
        var options = new SqliteLedgerOptions { Directory = draft, Durability = LedgerDurability.Process, ReserveBytes = 0 };
        await using var ledger = new SqliteLedger(options, time);
        await ledger.OpenAsync(cancellationToken).ConfigureAwait(false);
        var replay = new JournalReplay(time);
        var (next, kept) = (Math.Max(report.First, 1), 0L);
        using (var salvage = new GroupSalvage(journal.Database))
        {
            foreach (var group in Kept(salvage, mode).Where(group => TryApply(replay, group)))
            {
                cancellationToken.ThrowIfCancellationRequested();
                await ledger.AppendAsync(next, Numbered(group, next)).ConfigureAwait(false);
                next++;
                kept++;
            }
        }

        var numbers = new List<uint>();
        var state = replay.ToState(number =>
        {
            numbers.Add(number);
            return NoSessionStore.Instance;
        });
        var (changes, sessions, copies) = mode == RepairMode.Skip ? LostEnds.Of(state, numbers) : ([], [], 0);
        await JournalCompaction.AppendAsync(ledger, next, changes, time, cancellationToken).ConfigureAwait(false);
        await ledger.SealAsync().ConfigureAwait(false);
        return new RepairResult(kept, Math.Max(0, report.Groups - report.Unusable.Count - kept), [.. sessions], copies);
    }

    private IEnumerable<SalvagedGroup> Kept(GroupSalvage salvage, RepairMode mode) =>
        mode == RepairMode.Skip ? salvage.Read().Where(IsUsable) : Prefix(salvage);

    /// <summary>
    /// What is before the first hole, in the order in which the groups lie: a damaged number may be smaller than one before it.
    /// </summary>
    private IEnumerable<SalvagedGroup> Prefix(GroupSalvage salvage)
    {
        long? last = null;
        foreach (var group in salvage.Read())
        {
            var isNext = last is null || group.Number == last + 1;
            if (!isNext || !IsUsable(group) || group.Number >= report.Hole)
            {
                yield break;
            }

            yield return group;
            last = group.Number;
        }
    }

    private bool IsUsable(SalvagedGroup group) => group.Problem is null && !report.Unusable.Contains(group.Number);

    /// <summary>Looked at again, because SQLite may read more of a damaged page the second time.</summary>
    private static bool TryApply(JournalReplay replay, SalvagedGroup group)
    {
        try
        {
            RecordDecoder.Read(group.Number, group.Bytes.Span);
            replay.Apply(group.Number, group.Bytes.Span);
            return true;
        }
        catch (JournalFormatException)
        {
            return false;
        }
    }

    private static ReadOnlyMemory<byte> Numbered(SalvagedGroup group, long number)
    {
        if (group.Number == number)
        {
            return group.Bytes;
        }

        var renumbered = group.Bytes.ToArray();
        GroupFormat.Renumber(renumbered, number);
        return renumbered;
    }
}
