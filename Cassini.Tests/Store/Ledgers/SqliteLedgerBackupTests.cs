using Cassini.Tests.Support;

namespace Cassini.Tests.Store.Ledgers;

public sealed class SqliteLedgerBackupTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Backup_WhileGroupsAreAppended_IsALedgerOfThatMoment()
    {
        const int Before = 2000;
        await using var ledger = LedgerRig.Create(_directory.File("store"), checkpointBytes: 64 << 10);
        await ledger.OpenAsync();
        await ledger.AppendSamplesAsync(1, Before);
        var target = Directory.CreateDirectory(_directory.File("backup")).FullName;
        var backup = Task.Run(() => ledger.Backup(Path.Combine(target, "journal.db"), TestContext.Current.CancellationToken));
        var last = (long)Before;
        while (!backup.IsCompleted || last == Before)
        {
            await ledger.AppendSamplesAsync(last + 1, ++last);
        }

        await backup;
        await using var copy = LedgerRig.Create(target);
        var extent = await copy.OpenAsync();
        extent.Last.ShouldBeInRange(Before, last);
        (await copy.GroupsAsync()).ShouldBeSamples(1, extent.Last);
        await copy.AppendSamplesAsync(extent.Last + 1, extent.Last + 5);
        (await ledger.GroupsAsync()).ShouldBeSamples(1, last);
    }

    [Fact]
    public async Task Backup_FileIsThere_IsRefused()
    {
        await using var ledger = LedgerRig.Create(_directory.File("store"));
        await ledger.OpenAsync();
        var target = _directory.Write("backup.db", "precious");
        Should.Throw<IOException>(() => ledger.Backup(target, CancellationToken.None)).Message.ShouldContain("exists already");
        File.ReadAllText(target).ShouldBe("precious");
    }

    [Fact]
    public async Task Backup_Cancelled_LeavesNothing()
    {
        await using var ledger = LedgerRig.Create(_directory.File("store"));
        await ledger.OpenAsync();
        Should.Throw<OperationCanceledException>(() => ledger.Backup(_directory.File("backup.db"), new CancellationToken(canceled: true)));
        Directory.GetFiles(_directory.Path).ShouldBeEmpty();
    }
}
