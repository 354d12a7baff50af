using Cassini.Streams.Store.Ledgers;
using Cassini.Tests.Supervision;
using Cassini.Tests.Support;
using CsCheck;

namespace Cassini.Tests.Store.Ledgers;

public sealed class SqliteLedgerTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    /// <summary>Any appending, trimming, reading, sealing and opening again agrees with a list.</summary>
    [Fact]
    public Task Ledger_AfterAnySteps_AgreesWithAList() =>
        Gen.Select(Gen.Int[0, 9], Gen.Int[0, 5000]).Array[1, 60].SampleAsync(
            async steps =>
            {
                using var directory = new TempDirectory();
                var ledger = LedgerRig.Create(directory.Path, checkpointBytes: 16 << 10);
                await ledger.OpenAsync();
                var model = new List<(long Number, byte[] Bytes)>();
                var last = 0L;
                try
                {
                    foreach (var (kind, value) in steps)
                    {
                        switch (kind)
                        {
                            case 0 when model.Count > 0:
                                var before = model[0].Number + (value % (model.Count + 2));
                                await ledger.TrimAllAsync(before);
                                model.RemoveAll(group => group.Number < before);
                                break;
                            case 1:
                                var from = last - (value % 20);
                                ShouldBeEqual(await ledger.GroupsAsync(from), [.. model.Where(group => group.Number >= from)]);
                                break;
                            case 3 when last > 0:
                                var wanted = last - (value % 30);
                                var there = model.Where(group => group.Number == wanted).Select(group => group.Bytes).FirstOrDefault();
                                (await ledger.FindAsync(wanted, TestContext.Current.CancellationToken)).ShouldBe(there);
                                break;
                            case 2:
                                var seal = value % 2 == 0;
                                if (seal)
                                {
                                    await ledger.SealAsync();
                                }

                                await ledger.DisposeAsync();
                                ledger = LedgerRig.Create(directory.Path, checkpointBytes: 16 << 10);
                                var first = model.Count > 0 ? model[0].Number : last + 1;
                                (await ledger.OpenAsync()).ShouldBe(
                                    new LedgerExtent(first, last, model.Sum(group => (long)group.Bytes.Length), seal));
                                break;
                            default:
                                last += model.Count == 0 ? 1 + (value % 3) : 1;
                                var bytes = SampleGroups.Of(last, kind == 9 ? value * 10 : value % 300);
                                await ledger.AppendAsync(last, bytes);
                                model.Add((last, bytes));
                                break;
                        }
                    }

                    ShouldBeEqual(await ledger.GroupsAsync(), model);
                }
                finally
                {
                    await ledger.DisposeAsync();
                }
            },
            iter: 60,
            threads: 1);

    [Fact]
    public async Task Open_NothingThere_IsEmptyAndHadNoRunBefore()
    {
        await using var ledger = LedgerRig.Create(_directory.File("store"));
        (await ledger.OpenAsync()).ShouldBe(new LedgerExtent(1, 0, 0, IsSealed: true));
        ledger.RunBefore.ShouldBeNull();
        (await ledger.GroupsAsync()).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Open_AfterARun_SaysHowItEnded(bool seal)
    {
        var time = new ManualTimeProvider();
        var began = time.GetUtcNow();
        await using (var first = LedgerRig.Create(LedgerRig.Options(_directory.Path), time))
        {
            await first.OpenAsync();
            await first.AppendSamplesAsync(1, 3);
            time.Advance(TimeSpan.FromMinutes(1));
            if (seal)
            {
                await first.SealAsync();
            }
        }

        await using var second = LedgerRig.Create(LedgerRig.Options(_directory.Path), time);
        (await second.OpenAsync()).IsSealed.ShouldBe(seal);
        second.RunBefore.ShouldBe(new LedgerRun(1, began, seal ? began.AddMinutes(1) : null));
    }

    /// <summary>What ends with its groups is not the numbering: it goes on.</summary>
    [Fact]
    public async Task Open_AllGroupsWereTrimmed_KnowsTheLastNumber()
    {
        await using (var first = LedgerRig.Create(_directory.Path))
        {
            await first.OpenAsync();
            await first.AppendSamplesAsync(1, 30);
            await first.TrimAllAsync(31);
        }

        await using var second = LedgerRig.Create(_directory.Path);
        (await second.OpenAsync()).ShouldBe(new LedgerExtent(31, 30, 0, IsSealed: false));
        await Should.ThrowAsync<ArgumentOutOfRangeException>(async () => await second.AppendAsync(30, SampleGroups.Of(30)));
        await second.AppendAsync(40, SampleGroups.Of(40));
        (await second.GroupsAsync()).ShouldBeSamples(40, 40);
    }

    [Fact]
    public async Task Append_NumberThatDoesNotFollow_IsRefused()
    {
        await using var ledger = LedgerRig.Create(_directory.Path);
        await ledger.OpenAsync();
        await ledger.AppendSamplesAsync(5, 6);
        foreach (var wrong in new[] { 0L, 6, 8 })
        {
            await Should.ThrowAsync<ArgumentOutOfRangeException>(async () => await ledger.AppendAsync(wrong, SampleGroups.Of(wrong)));
        }

        await ledger.AppendAsync(7, SampleGroups.Of(7));
        (await ledger.GroupsAsync()).ShouldBeSamples(5, 7);
    }

    [Fact]
    public async Task Append_AfterTheSeal_IsRefused()
    {
        await using var ledger = LedgerRig.Create(_directory.Path);
        await ledger.OpenAsync();
        await ledger.SealAsync();
        await Should.ThrowAsync<InvalidOperationException>(async () => await ledger.AppendAsync(1, SampleGroups.Of(1)));
    }

    /// <summary>What was there at the beginning is read, in several slices.</summary>
    [Fact]
    public async Task Read_GroupsAreAppendedMeanwhile_ReadsThoseOfTheBeginning()
    {
        await using var ledger = LedgerRig.Create(_directory.Path, checkpointBytes: 64 << 10);
        await ledger.OpenAsync();
        await ledger.AppendSamplesAsync(1, 2500);
        var next = 1L;
        await foreach (var group in ledger.ReadAsync(1, TestContext.Current.CancellationToken))
        {
            group.Number.ShouldBe(next++);
            group.Bytes.Span.SequenceEqual(SampleGroups.Of(group.Number)).ShouldBeTrue();
            await ledger.AppendAsync(2500 + group.Number, SampleGroups.Of(2500 + group.Number));
        }

        next.ShouldBe(2501);
        (await ledger.GroupsAsync()).ShouldBeSamples(1, 5000);
    }

    [Fact]
    public async Task Trim_ThenAsMuchAgain_UsesTheSameRoom()
    {
        await using var ledger = LedgerRig.Create(_directory.Path, checkpointBytes: 64 << 10);
        await ledger.OpenAsync();
        var last = 0L;
        for (var round = 0; round < 20; round++)
        {
            await ledger.AppendSamplesAsync(last + 1, last + 200);
            await ledger.TrimAllAsync(last + 1);
            last += 200;
        }

        await ledger.DisposeAsync();
        var kept = Enumerable.Range((int)last - 199, 200).Sum(number => (long)SampleGroups.Of(number).Length);
        new FileInfo(_directory.File("journal.db")).Length.ShouldBeLessThan(4 * kept);
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(256, true)]
    public async Task GiveBackRoom_MuchWasTrimmed_MakesTheFileShorterStepByStep(int mebibytesKept, bool isShort)
    {
        await using var ledger = LedgerRig.Create(
            LedgerRig.Options(_directory.Path) with { CheckpointBytes = 64 << 10, FreeBytesKept = (long)mebibytesKept << 20 });
        await ledger.OpenAsync();
        var group = new byte[1 << 20];
        for (var number = 1; number <= 24; number++)
        {
            await ledger.AppendAsync(number, group);
        }

        await ledger.TrimAllAsync(24);
        var file = new FileInfo(_directory.File("journal.db"));
        await Eventually.HoldsAsync("the file has what is kept, and a group", () =>
        {
            ledger.GiveBackRoom(isShort);
            file.Refresh();
            return file.Length < 5 << 20;
        });
        (await ledger.GroupsAsync()).Count.ShouldBe(1);
    }

    [Fact]
    public async Task Checkpoints_WhileGroupsAreAppended_CopyThemIntoTheDatabase()
    {
        await using var ledger = LedgerRig.Create(_directory.Path, checkpointBytes: 32 << 10);
        await ledger.OpenAsync();
        await ledger.AppendSamplesAsync(1, 1000);
        var half = Enumerable.Range(1, 500).Sum(number => (long)SampleGroups.Of(number).Length);
        await Eventually.HoldsAsync("half is in the database", () => new FileInfo(_directory.File("journal.db")).Length > half);
        ledger.CheckpointFailure.ShouldBeNull();
    }

    [Fact]
    public async Task Open_Twice_RefusesTheSecondAndNamesTheFirst()
    {
        await using (var first = LedgerRig.Create(_directory.Path))
        {
            await first.OpenAsync();
            await first.AppendSamplesAsync(1, 1);
            await using var second = LedgerRig.Create(_directory.Path);
            var refused = await Should.ThrowAsync<LedgerInUseException>(second.OpenAsync());
            refused.Message.ShouldContain($"process {Environment.ProcessId}, since 20");
            await first.AppendSamplesAsync(2, 2);
        }

        await using var third = LedgerRig.Create(_directory.Path);
        (await third.OpenAsync()).Last.ShouldBe(2);
    }

    [Fact]
    public async Task Dispose_LeavesTheDatabaseAlone()
    {
        var ledger = LedgerRig.Create(_directory.Path);
        await ledger.OpenAsync();
        await ledger.AppendSamplesAsync(1, 10);
        await ledger.DisposeAsync();
        await ledger.DisposeAsync();
        File.Exists(_directory.File("journal.db-wal")).ShouldBeFalse("its log is in it");
    }

    private static void ShouldBeEqual(List<(long Number, byte[] Bytes)> groups, List<(long Number, byte[] Bytes)> model)
    {
        groups.Select(group => group.Number).ShouldBe(model.Select(group => group.Number));
        groups.Zip(model).All(pair => pair.First.Bytes.AsSpan().SequenceEqual(pair.Second.Bytes)).ShouldBeTrue();
    }
}
