using Cassini.Streams.Store.Ledgers;
using Cassini.Streams.Store.Maintenance;
using Cassini.Tests.Store.Ledgers;
using Cassini.Tests.Support;

namespace Cassini.Tests.Store.Maintenance;

/// <summary>Reading a directory keeps a broker out, and reading beside a broker leaves it alone.</summary>
public sealed class JournalBackupTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    private string Store => _directory.File("store");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Backup_WhileTheJournalIsOpen_HasWhatIsDurable()
    {
        await using var journal = await SampleJournal.OpenAsync(Store, TimeProvider.System);
        await journal.StepAsync(9);
        using (var read = StoredJournal.Open(Store))
        {
            read.UsedBy.ShouldNotBeNull().ShouldContain($"process {Environment.ProcessId}");
            await journal.StepAsync(2);
            JournalBackup.Run(read, _directory.File("backup"), TestContext.Current.CancellationToken);
        }

        await journal.StepAsync(SampleJournal.Steps - 11);
        var report = JournalRig.Inspect(_directory.File("backup")).Report.ShouldNotBeNull();
        report.Problems.ShouldBeEmpty();
        report.Groups.ShouldBe(9);
        var text = await SampleJournal.LoadAsync(_directory.File("backup"), TimeProvider.System);
        text.ShouldBe((await SampleJournal.PrefixesAsync(_directory.File("backup"), TimeProvider.System))[9]);
    }

    [Fact]
    public async Task Open_WhileItIsRead_IsRefusedUntilThatEnds()
    {
        await SampleJournal.WriteAsync(Store, TimeProvider.System);
        await using var ledger = LedgerRig.Create(Store);
        using (StoredJournal.Open(Store))
        using (StoredJournal.Open(Store))
        {
            (await Should.ThrowAsync<LedgerInUseException>(ledger.OpenAsync())).Message
                .ShouldBe($"{Store} is being read by 'cassini store'. Try again when that has ended.");
        }

        (await ledger.OpenAsync()).Last.ShouldBe(SampleJournal.Steps);
    }

    [Fact]
    public async Task Backup_Cancelled_LeavesNothing()
    {
        await SampleJournal.WriteAsync(Store, TimeProvider.System);
        using var read = StoredJournal.Open(Store);
        Should.Throw<OperationCanceledException>(
            () => JournalBackup.Run(read, _directory.File("backup"), new CancellationToken(canceled: true)));
        Directory.GetDirectories(_directory.Path).ShouldBe([Store]);
    }

    [Fact]
    public async Task Backup_DiskIsFull_SaysSoAndLeavesNothing()
    {
        using var disk = new SmallDisk(4);
        await SampleJournal.WriteAsync(Store, TimeProvider.System);
        disk.Fill();
        using var read = StoredJournal.Open(Store);
        Should.Throw<LedgerFullException>(() => JournalBackup.Run(read, disk.Store, TestContext.Current.CancellationToken));
        Directory.GetDirectories(Path.GetDirectoryName(disk.Store)!).ShouldBeEmpty();
    }
}
