using System.Globalization;
using Cassini.Streams.Store.Ledgers;
using Cassini.Streams.Store.Ledgers.Sqlite;
using Cassini.Tests.Store.Ledgers;
using Cassini.Tests.Support;

namespace Cassini.Tests.Store.Maintenance;

/// <summary>
/// Images of a journal's files, taken while it was in use: what was reported as durable before a cut is there, and nothing that never was.
/// CASSINI_EVERY_BYTE=1 cuts at every byte.
/// </summary>
public sealed class JournalImageTests : IAsyncLifetime
{
    private const int InDatabase = 5;
    private const int HeaderOfLog = 32;
    private const int Frame = 24 + 1024;

    private static readonly int Stride = Environment.GetEnvironmentVariable("CASSINI_EVERY_BYTE") == "1" ? 1 : 97;

    private readonly TempDirectory _directory = new();

    /// <summary>The length of the log when a step was reported as durable, for those that are in it.</summary>
    private readonly List<long> _reportedAt = [];

    private List<string> _prefixes = [];
    private byte[] _database = [];
    private byte[] _log = [];
    private byte[] _copied = [];

    private string Store => _directory.File("store");

    private string Image => _directory.File("image");

    public async ValueTask InitializeAsync()
    {
        await using (var journal = await SampleJournal.OpenAsync(Store, TimeProvider.System))
        {
            await journal.StepAsync(InDatabase);
        }

        await using (var journal = await SampleJournal.OpenAsync(Store, TimeProvider.System, InDatabase))
        {
            for (var step = InDatabase; step < SampleJournal.Steps; step++)
            {
                await journal.StepAsync();
                _reportedAt.Add(new FileInfo(Path.Combine(Store, "journal.db-wal")).Length);
            }

            LedgerRig.CopyFiles(Store, Image);
            using (var other = Database.Open(Path.Combine(Store, "journal.db")))
            {
                other.Number("SELECT first FROM ledger");
                other.Checkpoint().ShouldBeGreaterThan(0);
            }

            _copied = await File.ReadAllBytesAsync(Path.Combine(Store, "journal.db"));
        }

        _database = await File.ReadAllBytesAsync(Path.Combine(Image, "journal.db"));
        _log = await File.ReadAllBytesAsync(Path.Combine(Image, "journal.db-wal"));
        _prefixes = await SampleJournal.PrefixesAsync(Store, TimeProvider.System);
        _prefixes.Distinct().Count().ShouldBeGreaterThan(SampleJournal.Steps, "each step can be told from the others");
    }

    public ValueTask DisposeAsync()
    {
        _directory.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Load_Undamaged_HasEverything() => (await LoadAsync(_database, _log)).ShouldBe(SampleJournal.Steps);

    [Fact]
    public async Task Load_LogIsGone_HasWhatWasCopied()
    {
        (await LoadAsync(_database, [])).ShouldBe(InDatabase);
        (await LoadAsync(_copied, [])).ShouldBe(SampleJournal.Steps);
        (await LoadAsync(_copied, _log)).ShouldBe(SampleJournal.Steps);
    }

    /// <summary>Everything up to the cut that was reported, at each boundary of a frame, beside it, and within the last frames.</summary>
    [Fact]
    public async Task Load_LogIsCut_HasWhatWasReportedBeforeTheCut()
    {
        foreach (var length in Cuts())
        {
            (await LoadAsync(_database, _log[..length])).ShouldBe(ReportedAt(length), $"a log of {length} bytes");
        }
    }

    [Fact]
    public async Task Load_GarbageBehindAReport_HasWhatWasReported()
    {
        var random = new Random(1);
        foreach (var length in _reportedAt.Select(at => (int)at).Prepend(HeaderOfLog))
        {
            var garbage = new byte[random.Next(1, 5 * Frame)];
            random.NextBytes(garbage);
            (await LoadAsync(_database, [.. _log[..length], .. garbage])).ShouldBe(ReportedAt(length), $"garbage from {length} on");
        }
    }

    /// <summary>
    /// A cut of a log that was flushed is no power cut, but damage. It is a state that was, or it is refused.
    /// </summary>
    [Fact]
    public async Task Load_LogIsCutAfterItWasCopied_IsAStateThatWasOrIsRefused()
    {
        foreach (var length in Cuts())
        {
            await LoadAsync(_copied, _log[..length]);
        }
    }

    private IEnumerable<int> Cuts()
    {
        for (var boundary = HeaderOfLog; boundary <= _log.Length; boundary += Frame)
        {
            yield return boundary - 1;
            yield return boundary;
            if (boundary < _log.Length)
            {
                yield return boundary + 1;
            }
        }

        for (var length = _log.Length - (3 * Frame); length < _log.Length; length += Stride)
        {
            yield return length;
        }
    }

    private int ReportedAt(long length) => InDatabase + _reportedAt.Count(at => at <= length);

    /// <summary>Starts on an image, after <c>cassini store check</c> has read it, which must agree and change nothing.</summary>
    /// <returns>How many groups it has; null when it was refused.</returns>
    private async Task<int?> LoadAsync(byte[] database, byte[] log)
    {
        JournalRig.WriteImage(Image, database, log);
        var found = JournalRig.Inspect(Image);
        JournalRig.FilesOf(Image).ShouldBe(JournalRig.FilesOf(database, log));
        try
        {
            var text = await SampleJournal.LoadAsync(Image, TimeProvider.System);
            found.Report.ShouldNotBeNull().Problems.ShouldBeEmpty();
            StateText.Of(found.State).ShouldBe(text);
            var count = _prefixes.LastIndexOf(text);
            count.ShouldBeGreaterThanOrEqualTo(0, string.Create(CultureInfo.InvariantCulture, $"a state that never was: {text}"));
            return count;
        }
        catch (LedgerDamagedException refused)
        {
            refused.Message.ShouldNotBeEmpty();
            (found.Report?.IsSound ?? false).ShouldBeFalse(refused.Message);
            return null;
        }
    }
}
