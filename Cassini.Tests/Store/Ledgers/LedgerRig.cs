using Cassini.Streams.Store.Ledgers;

namespace Cassini.Tests.Store.Ledgers;

/// <summary>Ledgers in a directory.</summary>
internal static class LedgerRig
{
    public static readonly DateTimeOffset Begin = new(2026, 11, 29, 12, 0, 0, TimeSpan.Zero);

    /// <summary>Small pages and no reserve: tests write little.</summary>
    public static SqliteLedgerOptions Options(string directory) =>
        new() { Directory = directory, PageSize = 1024, ReserveBytes = 0, Durability = LedgerDurability.Process };

    public static SqliteLedger Create(string directory, long? checkpointBytes = null) =>
        Create(Options(directory) with { CheckpointBytes = checkpointBytes ?? new SqliteLedgerOptions { Directory = "" }.CheckpointBytes });

    public static SqliteLedger Create(SqliteLedgerOptions options, TimeProvider? time = null) => new(options, time ?? TimeProvider.System);

    public static async Task<LedgerExtent> OpenAsync(this ILedger ledger) =>
        await ledger.OpenAsync(TestContext.Current.CancellationToken);

    /// <summary>All groups from a number on, with their bytes copied.</summary>
    public static async Task<List<(long Number, byte[] Bytes)>> GroupsAsync(this ILedger ledger, long from = 0)
    {
        var groups = new List<(long, byte[])>();
        await foreach (var group in ledger.ReadAsync(from, TestContext.Current.CancellationToken))
        {
            groups.Add((group.Number, group.Bytes.ToArray()));
        }

        return groups;
    }

    /// <summary>Appends sample groups.</summary>
    public static async Task AppendSamplesAsync(this ILedger ledger, long from, long to)
    {
        for (var number = from; number <= to; number++)
        {
            await ledger.AppendAsync(number, SampleGroups.Of(number));
        }
    }

    /// <summary>Drops all groups with smaller numbers, step by step.</summary>
    public static async Task TrimAllAsync(this ILedger ledger, long before)
    {
        var first = long.MinValue;
        while (await ledger.TrimAsync(before) is var next && next < before && next > first)
        {
            first = next;
        }
    }

    /// <summary>They are sample groups with consecutive numbers.</summary>
    public static void ShouldBeSamples(this List<(long Number, byte[] Bytes)> groups, long from, long to)
    {
        groups.Select(group => group.Number).ShouldBe(Enumerable.Range(0, (int)(to - from + 1)).Select(at => from + at));
        foreach (var (number, bytes) in groups)
        {
            bytes.AsSpan().SequenceEqual(SampleGroups.Of(number)).ShouldBeTrue($"group {number}");
        }
    }

    /// <summary>The files of a ledger that is open and at rest, as a power cut would leave them: without the index of the log.</summary>
    public static void CopyFiles(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var name in new[] { "journal.db", "journal.db-wal" })
        {
            File.Copy(Path.Combine(from, name), Path.Combine(to, name), overwrite: true);
        }
    }
}
