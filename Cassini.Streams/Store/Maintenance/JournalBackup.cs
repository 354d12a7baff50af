using Cassini.Streams.Store.Ledgers;
using Cassini.Streams.Store.Ledgers.Sqlite;

namespace Cassini.Streams.Store.Maintenance;

/// <summary>Copies a journal as it is at one moment, whether a broker writes it or not.</summary>
internal static class JournalBackup
{
    private const int PagesAtOnce = 1000;

    /// <summary>Writes a new directory, which a broker can start with. Blocks its thread.</summary>
    /// <param name="journal">The journal.</param>
    /// <param name="target">The full path of the new directory. It appears only when it is complete.</param>
    /// <param name="cancellationToken">Ends it, and leaves nothing.</param>
    /// <exception cref="IOException">It cannot be written, or SQLite cannot read all pages.</exception>
    public static void Run(StoredJournal journal, string target, CancellationToken cancellationToken)
    {
        using var directory = new NewDirectory(target);
        using (LedgerLock.Create(directory.Draft))
        using (var copy = Database.Open(Path.Combine(directory.Draft, JournalFormat.FileName), create: true))
        {
            journal.Database.CopyTo(copy, PagesAtOnce, cancellationToken);
        }

        directory.Complete();
    }
}
