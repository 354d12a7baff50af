using System.Globalization;
using Cassini.Streams.Store.Ledgers;
using Cassini.Streams.Store.Maintenance;
using Cassini.Tests.Support;

namespace Cassini.Tests.Store.Maintenance;

/// <summary>
/// Bytes of a small journal are damaged in turn. A start never takes a state that is wrong, and where it refuses, check says why, and what
/// repair writes can be started with. CASSINI_EVERY_BYTE=1 damages every byte.
/// </summary>
public sealed class JournalDamageTests : IAsyncLifetime
{
    private static readonly bool IsThorough = Environment.GetEnvironmentVariable("CASSINI_EVERY_BYTE") == "1";

    private readonly TempDirectory _directory = new();
    private List<string> _prefixes = [];
    private byte[] _database = [];

    private string Image => _directory.File("image");

    private string Repaired => _directory.File("repaired");

    public async ValueTask InitializeAsync()
    {
        var store = _directory.File("store");
        await SampleJournal.WriteAsync(store, TimeProvider.System);
        _database = await File.ReadAllBytesAsync(Path.Combine(store, "journal.db"));
        _prefixes = await SampleJournal.PrefixesAsync(store, TimeProvider.System);
    }

    public ValueTask DisposeAsync()
    {
        _directory.Dispose();
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData(0xFF)]
    [InlineData(0x01)]
    public async Task Load_ByteIsDamaged_IsExactOrRefusedWithAWayOut(byte bits)
    {
        var (exact, refused, repaired) = (0, 0, 0);
        for (var at = bits % 7; at < _database.Length; at += IsThorough ? 1 : 43)
        {
            var damaged = _database.ToArray();
            damaged[at] ^= bits;
            var where = string.Create(CultureInfo.InvariantCulture, $"byte {at}");
            JournalRig.WriteImage(Image, damaged, []);
            var found = JournalRig.Inspect(Image);
            JournalRig.FilesOf(Image).ShouldBe(JournalRig.FilesOf(damaged, []), where);
            if (found.Report is { IsSound: false, IsNewer: false, Groups: > 0 })
            {
                repaired += await RepairAsync(where) ? 1 : 0;
            }

            try
            {
                (await SampleJournal.LoadAsync(Image, TimeProvider.System)).ShouldBe(_prefixes[^1], where);
                exact++;
            }
            catch (LedgerDamagedException refusal)
            {
                refused++;
                refusal.Message.ShouldNotBeEmpty();
                found.Report?.IsSound.ShouldBeFalse($"{where}: {refusal.Message}");
            }
        }

        exact.ShouldBeGreaterThan(10, "bytes that nothing uses");
        refused.ShouldBeGreaterThan(50);
        repaired.ShouldBeGreaterThan(50);
    }

    /// <summary>Whole pages, as a disk loses them.</summary>
    [Fact]
    public async Task Repair_PageIsLost_KeepsWhatIsOnTheOthers()
    {
        var most = 0L;
        for (var page = 1; page < _database.Length / 1024; page++)
        {
            var damaged = _database.ToArray();
            damaged.AsSpan(page * 1024, 1024).Fill(0xA5);
            JournalRig.WriteImage(Image, damaged, []);
            var report = JournalRig.Inspect(Image).Report;
            if (report is { Groups: > 0, IsSound: false })
            {
                await RepairAsync($"page {page}");
                most = Math.Max(most, report.Groups);
            }
        }

        most.ShouldBeGreaterThanOrEqualTo(SampleJournal.Steps - 1, "a page of one group costs that group");
    }

    /// <returns>Whether there was anything to keep.</returns>
    private async Task<bool> RepairAsync(string where)
    {
        foreach (var mode in new[] { RepairMode.Skip, RepairMode.Cut })
        {
            var result = await JournalRig.RepairAsync(Image, Repaired, mode);
            var text = await SampleJournal.LoadAsync(Repaired, TimeProvider.System);
            if (mode == RepairMode.Cut)
            {
                _prefixes.ShouldContain(text, where);
            }
            else if (result.Kept == SampleJournal.Steps)
            {
                text.ShouldBe(_prefixes[^1], where);
            }

            Directory.Delete(Repaired, recursive: true);
        }

        return true;
    }
}
