using System.Security.Cryptography;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Store.Ledgers;
using Cassini.Streams.Store.Maintenance;

namespace Cassini.Tests.Store.Maintenance;

/// <summary>Directories of journals as tests want them.</summary>
internal static class JournalRig
{
    /// <summary>A directory with nothing but these files.</summary>
    public static void WriteImage(string directory, byte[] database, byte[] log)
    {
        Directory.CreateDirectory(directory);
        foreach (var file in Directory.GetFiles(directory))
        {
            File.Delete(file);
        }

        File.WriteAllBytes(Path.Combine(directory, "journal.db"), database);
        File.WriteAllBytes(Path.Combine(directory, "journal.db-wal"), log);
    }

    /// <summary>Each file with a sum of its bytes.</summary>
    public static string FilesOf(string directory) => string.Join(' ', Directory.GetFiles(directory).Order(StringComparer.Ordinal)
        .Select(path => $"{Path.GetFileName(path)}:{Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(path)))}"));

    /// <summary>The same for an image.</summary>
    public static string FilesOf(byte[] database, byte[] log) =>
        $"journal.db:{Convert.ToHexString(SHA256.HashData(database))} journal.db-wal:{Convert.ToHexString(SHA256.HashData(log))}";

    /// <summary>What <c>cassini store check</c> finds; no report when it cannot open it.</summary>
    public static (JournalReport? Report, BrokerState State, string? Refusal) Inspect(string directory)
    {
        try
        {
            using var journal = StoredJournal.Open(directory);
            var inspector = new JournalInspector(journal, TimeProvider.System);
            var report = inspector.Run(TestContext.Current.CancellationToken);
            return (report, inspector.State, null);
        }
        catch (LedgerDamagedException refused)
        {
            return (null, BrokerState.Empty, refused.Message);
        }
    }

    /// <summary>Repairs a directory into a new one.</summary>
    public static async Task<RepairResult> RepairAsync(string directory, string target, RepairMode mode)
    {
        using var journal = StoredJournal.Open(directory);
        var report = new JournalInspector(journal, TimeProvider.System).Run(TestContext.Current.CancellationToken);
        return await new JournalRepair(journal, report, TimeProvider.System)
            .RunAsync(target, mode, TestContext.Current.CancellationToken);
    }
}
