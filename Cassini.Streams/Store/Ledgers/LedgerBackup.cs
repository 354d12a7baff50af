using Cassini.Streams.Store.Ledgers.Sqlite;

namespace Cassini.Streams.Store.Ledgers;

/// <summary>Copies a ledger while it is used.</summary>
internal static class LedgerBackup
{
    private const int PagesAtOnce = 1000;

    /// <summary>Writes the ledger as it is at this moment into a new file, which appears only when it is complete.</summary>
    /// <param name="from">The full path of the database.</param>
    /// <param name="path">The full path of the new file.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="IOException">There is such a file, or it cannot be written, or the ledger cannot be read.</exception>
    public static void Make(string from, string path, CancellationToken cancellationToken)
    {
        if (File.Exists(path))
        {
            throw new IOException($"{path} exists already.");
        }

        var draft = path + ".new";
        File.Delete(draft);
        try
        {
            using (var source = Database.Open(from))
            using (var target = Database.Open(draft, create: true))
            {
                // Within a transaction that reads, appends do not change what is copied.
                source.Execute("BEGIN");
                source.Number("SELECT first FROM ledger");
                source.CopyTo(target, PagesAtOnce, cancellationToken);
            }

            File.Move(draft, path);
        }
        catch
        {
            File.Delete(draft);
            throw;
        }
    }
}
