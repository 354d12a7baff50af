using Cassini.Streams.Store.Ledgers.Sqlite;

namespace Cassini.Streams.Store.Ledgers;

/// <summary>Drops the groups at the beginning of a ledger in slices: commits wait for each.</summary>
internal sealed class GroupSlices(Database database) : IDisposable
{
    /// <summary>The bytes of one slice at most, unless a single group has more.</summary>
    public const long MostBytes = 2 << 20;

    private const int MostRows = 1000;

    private readonly Statement _walk = database.Prepare("SELECT number, total FROM groups WHERE number < ?1 ORDER BY number");
    private readonly Statement _delete = database.Prepare("DELETE FROM groups WHERE number < ?1");

    /// <summary>The first number that stays when the next slice is dropped.</summary>
    /// <param name="before">The first number that is to stay at last.</param>
    public long EndOfNext(long before)
    {
        _walk.Bind(1, before);
        try
        {
            long? begin = null;
            for (var rows = 0; _walk.Step(); rows++)
            {
                begin ??= _walk.Number(1);
                if (rows == MostRows || (rows > 0 && _walk.Number(1) - begin > MostBytes))
                {
                    return _walk.Number(0);
                }
            }

            return before;
        }
        finally
        {
            _walk.Reset();
        }
    }

    /// <summary>Drops them. Within a transaction.</summary>
    /// <param name="next">The first number that stays.</param>
    public void DeleteBefore(long next) => _delete.Bind(1, next).Run();

    public void Dispose()
    {
        _walk.Dispose();
        _delete.Dispose();
    }
}
