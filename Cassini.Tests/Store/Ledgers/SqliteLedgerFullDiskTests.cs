using Cassini.Streams.Store.Ledgers;
using Cassini.Tests.Support;

namespace Cassini.Tests.Store.Ledgers;

/// <summary>The disk is full, or cannot be written to.</summary>
public sealed class SqliteLedgerFullDiskTests : IDisposable
{
    private const int Large = 16 << 10;

    private readonly SmallDisk _disk = new(mebibytes: 16);

    public void Dispose() => _disk.Dispose();

    [Fact]
    public async Task Append_RoomReturns_GoesOnWithTheSameGroup()
    {
        await using var ledger = LedgerRig.Create(Options(reserve: 0));
        await ledger.OpenAsync();
        _disk.Fill(4 << 20);
        var last = Fill(ledger, 0);
        for (var again = 0; again < 3; again++)
        {
            await ShouldBeFullAsync(ledger, last + 1);
        }

        _disk.Free();
        await ledger.AppendAsync(last + 1, SampleGroups.Of(last + 1, Large));
        await ShouldHaveAsync(ledger, last + 1);
    }

    [Fact]
    public async Task Append_FromTheReserve_SucceedsOnAFullDisk()
    {
        const int Small = 200;
        await using var ledger = LedgerRig.Create(Options(reserve: 4 << 20));
        await ledger.OpenAsync();
        _disk.Fill(4 << 20);
        var large = Fill(ledger, 0);
        for (var number = large + 1; number <= large + 300; number++)
        {
            await ledger.AppendAsync(number, SampleGroups.Of(number, Small), mayUseReserve: true);
            if (number % 100 == 0)
            {
                await ShouldBeFullAsync(ledger, number + 1);
            }
        }

        (await ledger.GroupsAsync()).Select(group => (group.Number, group.Bytes.Length)).ShouldBe(
            Enumerable.Range(1, (int)large + 300).Select(number => ((long)number, number <= large ? Large : Small)));

        _disk.Free();
        await ledger.AppendAsync(large + 301, SampleGroups.Of(large + 301, Large));
    }

    [Fact]
    public async Task Checkpoint_FailedOnAFullDisk_IsTriedAgainUntilItWorks()
    {
        await using var ledger = LedgerRig.Create(Options(reserve: 0));
        await ledger.OpenAsync();
        _disk.Fill(4 << 20);
        Fill(ledger, 0);
        await Eventually.HoldsAsync("the checkpoint fails", () => ledger.RetryCheckpoint() is not null);

        _disk.Free();
        await Eventually.HoldsAsync("it works", () => ledger.RetryCheckpoint() is null);
    }

    /// <summary>Nothing else is on the disk: what the ledger drops is all the room there is.</summary>
    [Fact]
    public async Task Append_AfterATrimOnAFullDisk_UsesTheRoomOfTheTrimmed()
    {
        await using var ledger = LedgerRig.Create(Options(reserve: 4 << 20));
        await ledger.OpenAsync();
        var last = Fill(ledger, 0);
        for (var round = 0; round < 5; round++)
        {
            await ledger.TrimAllAsync(last + 1);
            var enough = last + 200;
            await Eventually.HoldsAsync("the log begins anew again and again", Appended);

            bool Appended()
            {
                last = Fill(ledger, last);
                return last >= enough;
            }
        }
    }

    [Fact]
    public async Task Open_DiskIsFull_HasEverythingAndTheReserve()
    {
        long last;
        await using (var first = LedgerRig.Create(Options(reserve: 4 << 20)))
        {
            await first.OpenAsync();
            last = Fill(first, 0);
        }

        _disk.Fill();
        await using var second = LedgerRig.Create(Options(reserve: 4 << 20));
        (await second.OpenAsync()).Last.ShouldBe(last);
        await second.AppendAsync(last + 1, SampleGroups.Of(last + 1, Large), mayUseReserve: true);
        await second.SealAsync();
        await ShouldHaveAsync(second, last + 1);
    }

    [Fact]
    public async Task Open_FileSystemIsReadOnly_IsAFailureOfTheDisk()
    {
        await using (var first = LedgerRig.Create(Options(reserve: 0)))
        {
            await first.OpenAsync();
        }

        _disk.MakeReadOnly();
        await using var second = LedgerRig.Create(Options(reserve: 0));
        (await Should.ThrowAsync<IOException>(second.OpenAsync())).ShouldNotBeAssignableTo<LedgerDamagedException>();
    }

    private static async Task ShouldBeFullAsync(SqliteLedger ledger, long number) =>
        await Should.ThrowAsync<LedgerFullException>(async () => await ledger.AppendAsync(number, SampleGroups.Of(number, Large)));

    private static async Task ShouldHaveAsync(SqliteLedger ledger, long last)
    {
        var groups = await ledger.GroupsAsync();
        groups.Count.ShouldBe((int)last);
        groups.TrueForAll(group => group.Bytes.AsSpan().SequenceEqual(SampleGroups.Of(group.Number, Large))).ShouldBeTrue();
    }

    /// <summary>Appends until there is no room.</summary>
    /// <returns>The last group.</returns>
    private static long Fill(SqliteLedger ledger, long last)
    {
        while (true)
        {
            try
            {
                _ = ledger.AppendAsync(last + 1, SampleGroups.Of(last + 1, Large));
                last++;
            }
            catch (LedgerFullException)
            {
                return last;
            }
        }
    }

    private SqliteLedgerOptions Options(long reserve) => new()
    {
        Directory = _disk.Store,
        ReserveBytes = reserve,
        CheckpointBytes = 1 << 20,
    };
}
