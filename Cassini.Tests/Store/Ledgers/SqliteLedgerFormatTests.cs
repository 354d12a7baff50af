using System.Buffers.Binary;
using Cassini.Streams.Store.Ledgers;
using Cassini.Tests.Support;

namespace Cassini.Tests.Store.Ledgers;

/// <summary>Files that are not this ledger's are refused, and stay as they are.</summary>
public sealed class SqliteLedgerFormatTests : IDisposable
{
    private const int VersionAt = 60;
    private const int ApplicationIdAt = 68;

    private readonly TempDirectory _directory = new();

    private string Database => _directory.File("journal.db");

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(VersionAt, 2, "format 2; this version of Cassini knows formats up to 1")]
    [InlineData(VersionAt, 0, "format 0")]
    [InlineData(ApplicationIdAt, 7, "a database of another program")]
    public async Task Open_AnotherMark_IsRefusedAndUntouched(int at, int value, string message)
    {
        await using (var ledger = LedgerRig.Create(_directory.Path))
        {
            await ledger.OpenAsync();
            await ledger.AppendSamplesAsync(1, 5);
        }

        var bytes = File.ReadAllBytes(Database);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(at), value);
        File.WriteAllBytes(Database, bytes);
        (await RefusedAsync()).ShouldContain(message);
        File.ReadAllBytes(Database).ShouldBe(bytes);
    }

    [Theory]
    [InlineData("no database at all")]
    [InlineData("SQLite format 3")]
    public async Task Open_NoDatabase_IsRefusedAndUntouched(string content)
    {
        File.WriteAllText(Database, content.PadRight(content.Length * 10, '.'));
        var bytes = File.ReadAllBytes(Database);
        (await RefusedAsync()).ShouldContain("is not a SQLite database");
        File.ReadAllBytes(Database).ShouldBe(bytes);
    }

    [Fact]
    public async Task Open_EmptyFile_IsRefusedWithAWayOut()
    {
        File.WriteAllText(Database, "");

        (await RefusedAsync()).ShouldBe(
            $"{Database} is empty: all that it held is gone. Go back to a backup, or remove it to begin anew.");
    }

    /// <summary>SQLite would mix a log of another database into a new one.</summary>
    [Fact]
    public async Task Open_OnlyTheLogIsThere_IsRefused()
    {
        File.WriteAllText(Database + "-wal", "a log");
        (await RefusedAsync()).ShouldContain("is gone, but its log");
        File.Exists(Database).ShouldBeFalse();
    }

    /// <summary>What a start left that ended while it created the file.</summary>
    [Fact]
    public async Task Open_HalfCreatedFile_BeginsAnew()
    {
        foreach (var suffix in new[] { "", "-journal", "-wal", "-shm" })
        {
            File.WriteAllText(Database + ".new" + suffix, "half");
        }

        await using var ledger = LedgerRig.Create(_directory.Path);
        (await ledger.OpenAsync()).Last.ShouldBe(0);
        await ledger.AppendSamplesAsync(1, 1);
        Directory.GetFiles(_directory.Path, "*.new*").ShouldBeEmpty();
    }

    [Fact]
    public async Task Open_DirectoryCannotBeCreated_IsAFailureOfTheDisk()
    {
        await using var ledger = LedgerRig.Create(Path.Combine(_directory.Write("file", ""), "store"));
        (await Should.ThrowAsync<IOException>(ledger.OpenAsync())).ShouldNotBeOfType<LedgerDamagedException>();
    }

    private async Task<string> RefusedAsync()
    {
        await using var ledger = LedgerRig.Create(_directory.Path);
        var refused = await Should.ThrowAsync<LedgerDamagedException>(ledger.OpenAsync());
        refused.Message.ShouldContain(Database);
        return refused.Message;
    }
}
