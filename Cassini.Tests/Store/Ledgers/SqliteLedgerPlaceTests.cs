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
    public async Task RequireInPlace_AnotherFileIsInItsPlace_Throws()
    {
        await using var ledger = await OpenAsync();
        var file = Path.Combine(Journal, "journal.db");
        File.Move(file, file + ".old");
        File.Copy(file + ".old", file);

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

    [Theory]
    [InlineData("journal.db", "Put the journal's file there, or set Store:Directory to another directory.")]
    [InlineData("journal.db-wal", "Remove it: it is made anew.")]
    [InlineData("journal.db-shm", "Remove it: it is made anew.")]
    [InlineData("lock", "Remove it: it is made anew.")]
    [InlineData("owner", "Remove it: it is made anew.")]
    [InlineData("reserve", "Remove it: it is made anew.")]
    public async Task Open_SomethingElseInPlaceOfAFile_IsRefusedBeforeItIsOpened(string name, string wayOut)
    {
        Directory.CreateDirectory(Journal);
        var path = Path.Combine(Journal, name);
        var gone = _directory.File("gone");
        (Action Make, string Problem)[] kinds =
        [
            (() => SpecialFile.MakePipe(path), "is a pipe, not a file"),
            (() => Directory.CreateDirectory(path), "is a directory, not a file"),
            (() => File.CreateSymbolicLink(path, gone), $"is a symbolic link to {gone}, which is not there"),
            (() => File.CreateSymbolicLink(path, "/dev/null"), "is a device, not a file"),
        ];
        foreach (var (make, problem) in kinds)
        {
            make();
            (await Eventually.CompletesAsync("it is refused", RefusedAsync())).ShouldBe($"{path} {problem}. {wayOut}");
            if (Directory.Exists(path))
            {
                Directory.Delete(path);
            }
            else
            {
                File.Delete(path);
            }
        }

        Directory.GetFileSystemEntries(Journal).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("/proc/self", "/proc/self: no file can be made in it. Set Store:Directory to a directory on a disk.")]
    [InlineData("/proc/self/x", "/proc/self/x: cannot be created there. Set Store:Directory to another one.")]
    public async Task Open_NoDiskIsThere_IsRefusedWithAWayOut(string directory, string sentence)
    {
        Assert.SkipUnless(Directory.Exists("/proc/self"), "this machine has no /proc");

        (await RefusedAsync(directory)).ShouldBe(sentence);
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

    private async Task<string> RefusedAsync(string? directory = null)
    {
        await using var ledger = new SqliteLedger(LedgerRig.Options(directory ?? Journal), TimeProvider.System);
        return (await Should.ThrowAsync<IOException>(() => Task.Run(() => ledger.OpenAsync()))).Message;
    }
}
