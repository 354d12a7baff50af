using Cassini.Streams.Store.Ledgers.Sqlite;

namespace Cassini.Streams.Store.Ledgers;

/// <summary>The pages of a database that hold nothing: what is appended next takes them before the file grows.</summary>
internal sealed class FreePages(Database database)
{
    /// <summary>The bytes of one page.</summary>
    public int PageSize { get; } = (int)database.Number("PRAGMA page_size").GetValueOrDefault();

    /// <summary>The bytes of all free pages.</summary>
    public long Bytes => database.Number("PRAGMA freelist_count").GetValueOrDefault() * PageSize;

    /// <summary>The bytes of all others.</summary>
    public long UsedBytes => (database.Number("PRAGMA page_count").GetValueOrDefault() * PageSize) - Bytes;

    /// <summary>Moves pages from the end of the file to free places, and cuts the end off. Within a transaction.</summary>
    /// <param name="bytes">About how many bytes.</param>
    public void CutOff(long bytes) => database.Execute($"PRAGMA incremental_vacuum({(bytes / PageSize) + 1})");
}
