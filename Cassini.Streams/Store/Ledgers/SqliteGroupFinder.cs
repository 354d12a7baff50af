using Cassini.Streams.Store.Ledgers.Sqlite;

namespace Cassini.Streams.Store.Ledgers;

/// <summary>
/// Finds single groups over a connection of its own, which stays open. Used by one caller at a time, beside appends and trims: no statement
/// stays open.
/// </summary>
internal sealed class SqliteGroupFinder : IDisposable
{
    private readonly Database _database;
    private readonly Statement _select;

    /// <param name="path">The full path of the database.</param>
    public SqliteGroupFinder(string path)
    {
        _database = Database.Open(path);
        try
        {
            _select = _database.Prepare("SELECT data FROM groups WHERE number = ?1");
        }
        catch
        {
            _database.Dispose();
            throw;
        }
    }

    /// <returns>The group; null when there is none with this number.</returns>
    public byte[]? Find(long number)
    {
        _select.Bind(1, number);
        try
        {
            return _select.Step() ? _select.Bytes(0).ToArray() : null;
        }
        finally
        {
            _select.Reset();
        }
    }

    public void Dispose()
    {
        _select.Dispose();
        _database.Dispose();
    }
}
