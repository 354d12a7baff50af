using Cassini.Streams.Store.Ledgers;
using Cassini.Tests.Support;

namespace Cassini.Tests.Store.Ledgers;

/// <summary>Files that are moved or deleted under a ledger: they could still be written, and all of that would be lost.</summary>
public sealed class SqliteLedgerPlaceTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    private string Journal => _directory.File("journal");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task RequireInPlace_NothingHappened_IsContent()
    {
        await using var ledger = await OpenAsync();

        ledger.RequireInPlace();
    }

    [Fact]
    public async Task RequireInPlace_DirectoryWasDeleted_Throws()
    {
        await using var ledger = await OpenAsync();
        Directory.Delete(Journal, recursive: true);

        Should.Throw<IOException>(ledger.RequireInPlace).Message.ShouldContain("was moved or deleted");
    }

    [Fact]
    public async Task RequireInPlace_LogWasDeleted_Throws()
    {
        await using var ledger = await OpenAsync();
        File.Delete(Path.Combine(Journal, "journal.db-wal"));

        Should.Throw<IOException>(ledger.RequireInPlace).Message.ShouldContain("was moved or deleted");
    }

    [Fact]
    public async Task RequireInPlace_DirectoryWasMovedAndAnotherBegunThere_Throws()
    {
        await using var ledger = await OpenAsync();
        Directory.Move(Journal, _directory.File("old"));
        await using var other = await OpenAsync(DateTimeOffset.UnixEpoch);

        Should.Throw<IOException>(ledger.RequireInPlace);
        other.RequireInPlace();
    }

    [Fact]
    public async Task Open_FileIsGoneThatWasThere_CreatesNone()
    {
        var ledger = new SqliteLedger(new SqliteLedgerOptions { Directory = Journal, MayCreate = false }, TimeProvider.System);

        (await Should.ThrowAsync<LedgerDamagedException>(() => ledger.OpenAsync(CancellationToken.None).AsTask()))
            .Message.ShouldContain("is gone");
        Directory.Exists(Journal).ShouldBeFalse("it can be moved back");
    }

    [Fact]
    public async Task Open_FileIsALink_IsRefused()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need a privilege there");
        await (await OpenAsync()).DisposeAsync();
        File.Move(Path.Combine(Journal, "journal.db"), _directory.File("elsewhere.db"));
        File.CreateSymbolicLink(Path.Combine(Journal, "journal.db"), _directory.File("elsewhere.db"));

        (await Should.ThrowAsync<LedgerDamagedException>(() => OpenAsync())).Message.ShouldContain("is a symbolic link");
    }

    private async Task<SqliteLedger> OpenAsync(DateTimeOffset? now = null)
    {
        var time = now is null ? TimeProvider.System : new FixedTime(now.Value);
        var ledger = new SqliteLedger(new SqliteLedgerOptions { Directory = Journal, ReserveBytes = 0 }, time);
        await ledger.OpenAsync(TestContext.Current.CancellationToken);
        return ledger;
    }

    private sealed class FixedTime(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
