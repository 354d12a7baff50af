using Cassini.Streams.Store.Ledgers;
using Cassini.Tests.Support;

namespace Cassini.Tests.Store.Ledgers;

/// <summary>
/// Images of the files as a power cut, a bad disk or a person may leave them. Groups up to 20 are in the database, those up to 40 in its
/// log.
/// </summary>
public sealed class SqliteLedgerDamageTests : IAsyncLifetime
{
    private const int InDatabase = 20;
    private const int InLog = 40;

    /// <summary>A page with groups that are neither the first nor the last.</summary>
    private const int PageBetween = 16;

    private readonly TempDirectory _directory = new();
    private byte[] _database = [];
    private byte[] _log = [];

    private string Image => _directory.File("image");

    public async ValueTask InitializeAsync()
    {
        var store = _directory.File("store");
        await using (var first = LedgerRig.Create(store))
        {
            await first.OpenAsync();
            await first.AppendSamplesAsync(1, InDatabase);
            await first.SealAsync();
        }

        await using var second = LedgerRig.Create(store);
        await second.OpenAsync();
        await second.AppendSamplesAsync(InDatabase + 1, InLog);
        LedgerRig.CopyFiles(store, Image);
        _database = await File.ReadAllBytesAsync(Path.Combine(Image, "journal.db"));
        _log = await File.ReadAllBytesAsync(Path.Combine(Image, "journal.db-wal"));
    }

    public ValueTask DisposeAsync()
    {
        _directory.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Open_Undamaged_HasEverything() => (await OpenAsync(_database, _log)).ShouldBe(InLog);

    [Fact]
    public async Task Open_LogIsGone_HasWhatIsInTheDatabase() => (await OpenAsync(_database, [])).ShouldBe(InDatabase);

    // A start that fails must leave everything for whoever looks at it next.
    [Fact]
    public async Task Dispose_NothingWasChanged_LeavesTheDatabaseAndWhatIsInItsLog()
    {
        await using (var ledger = LedgerRig.Create(Image))
        {
            (await ledger.OpenAsync()).Last.ShouldBe(InLog);
            (await ledger.GroupsAsync()).ShouldBeSamples(1, InLog);
        }

        var database = await File.ReadAllBytesAsync(Path.Combine(Image, "journal.db"), TestContext.Current.CancellationToken);
        database.AsSpan().SequenceEqual(_database).ShouldBeTrue();
        var log = await File.ReadAllBytesAsync(Path.Combine(Image, "journal.db-wal"), TestContext.Current.CancellationToken);
        log.Length.ShouldBeGreaterThan(_log.Length, "the attempt is in it");
        log.AsSpan(0, _log.Length).SequenceEqual(_log).ShouldBeTrue();
    }

    // It reads the whole file, each second for as long as the disk fails.
    [Fact]
    public async Task Open_AgainAfterAFailure_DoesNotLookAtAllPages()
    {
        var options = LedgerRig.Options(Image);
        byte[] database = [.. _database];
        database.AsSpan((PageBetween - 1) * options.PageSize, 8).Fill(0xFF);
        await File.WriteAllBytesAsync(Path.Combine(Image, "journal.db"), database, TestContext.Current.CancellationToken);
        File.Delete(Path.Combine(Image, "journal.db-wal"));
        await using var first = LedgerRig.Create(options);
        (await Should.ThrowAsync<LedgerDamagedException>(first.OpenAsync)).Message.ShouldContain("is damaged");

        await using var again = LedgerRig.Create(options with { MayCreate = false, ChecksPages = false });
        (await again.OpenAsync()).Last.ShouldBe(InDatabase);
    }

    [Fact]
    public async Task Open_LogIsCut_HasThePrefix()
    {
        var last = InDatabase;
        for (var length = 0; length <= _log.Length; length += 173)
        {
            var found = await OpenAsync(_database, _log[..length]);
            found.ShouldNotBeNull($"a log of {length} bytes");
            found.Value.ShouldBeGreaterThanOrEqualTo(last, $"a log of {length} bytes");
            last = found.Value;
        }

        last.ShouldBeGreaterThanOrEqualTo(InLog - 1);
    }

    [Fact]
    public async Task Open_LogEndsInGarbage_HasThePrefix()
    {
        for (var at = 0; at < _log.Length; at += 1171)
        {
            var garbage = _log.ToArray();
            new Random(at).NextBytes(garbage.AsSpan(at));
            (await OpenAsync(_database, garbage)).ShouldNotBeNull($"garbage from {at} on");
        }
    }

    [Fact]
    public async Task Open_BitOfTheLogIsFlipped_HasThePrefix()
    {
        for (var at = 0; at < _log.Length; at += 211)
        {
            (await OpenAsync(_database, Flipped(_log, at))).ShouldNotBeNull($"byte {at} of the log");
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Open_DatabaseIsCut_HasEverythingOrIsRefused(bool withLog)
    {
        for (var length = 0; length < _database.Length; length += 331)
        {
            await OpenAsync(_database[..length], withLog ? _log : [], mayDamageContent: true);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Open_BitOfTheDatabaseIsFlipped_HasEverythingOrIsRefused(bool withLog)
    {
        for (var at = 0; at < _database.Length; at += at < 1024 ? 7 : 61)
        {
            await OpenAsync(Flipped(_database, at), withLog ? _log : [], mayDamageContent: true);
        }
    }

    private static byte[] Flipped(byte[] bytes, int at)
    {
        var flipped = bytes.ToArray();
        flipped[at] ^= (byte)(1 << (at % 8));
        return flipped;
    }

    /// <summary>
    /// Opens the image, reads all, and appends. The database has no checksums: the bytes of a group are the journal's to check.
    /// </summary>
    /// <returns>The last group; null when it was refused.</returns>
    private async Task<int?> OpenAsync(byte[] database, byte[] log, bool mayDamageContent = false)
    {
        foreach (var file in Directory.GetFiles(Image))
        {
            File.Delete(file);
        }

        await File.WriteAllBytesAsync(Path.Combine(Image, "journal.db"), database);
        await File.WriteAllBytesAsync(Path.Combine(Image, "journal.db-wal"), log);
        await using var ledger = LedgerRig.Create(Image);
        try
        {
            var extent = await ledger.OpenAsync();
            extent.First.ShouldBe(1);
            extent.Last.ShouldBeInRange(InDatabase, InLog);
            var groups = await ledger.GroupsAsync();
            groups.Select(group => group.Number).ShouldBe(Enumerable.Range(1, (int)extent.Last).Select(number => (long)number));
            groups.ShouldAllBe(group => group.Bytes.Length == SampleGroups.Of(group.Number).Length);
            if (!mayDamageContent)
            {
                groups.ShouldBeSamples(1, extent.Last);
            }

            await ledger.AppendAsync(extent.Last + 1, SampleGroups.Of(extent.Last + 1));
            return (int)extent.Last;
        }
        catch (LedgerDamagedException refused)
        {
            refused.Message.ShouldContain(Image);
            return null;
        }
    }
}
