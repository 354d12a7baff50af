using System.Buffers;
using Cassini.Streams.Store.Ledgers.Sqlite;

namespace Cassini.Streams.Store.Ledgers;

/// <summary>
/// Reads groups in their order over a connection of its own. It copies a slice at a time, so that no statement stays open while the caller
/// works: an open one would keep the write-ahead log from beginning anew.
/// </summary>
internal sealed class SqliteLedgerReader : IDisposable
{
    private const int MostBytes = 1 << 20;
    private const int MostGroups = 1000;

    private readonly string _path;
    private readonly long _last;
    private readonly Database _database;
    private readonly Statement _select;
    private readonly ArrayBufferWriter<byte> _bytes = new();
    private readonly List<(long Number, int Start, int Length)> _groups = [];
    private long _next;
    private long? _total;

    /// <param name="path">The full path of the database.</param>
    /// <param name="from">The first number.</param>
    /// <param name="last">The last number that must be there.</param>
    public SqliteLedgerReader(string path, long from, long last)
    {
        _path = path;
        _next = from;
        _last = last;
        _database = Database.Open(path);
        _select = _database.Prepare("SELECT number, total, data FROM groups WHERE number BETWEEN ?1 AND ?2 ORDER BY number");
    }

    /// <summary>How many groups the slice has.</summary>
    public int Count => _groups.Count;

    /// <summary>A group of the slice.</summary>
    public LedgerGroup this[int at] =>
        new(_groups[at].Number, _bytes.WrittenMemory.Slice(_groups[at].Start, _groups[at].Length));

    /// <summary>Reads the next slice in place of the last one.</summary>
    /// <returns>Whether there are groups in it: false after the last one.</returns>
    /// <exception cref="LedgerDamagedException">A group is missing, or not as long as it was, or cannot be read.</exception>
    public bool ReadSlice()
    {
        _groups.Clear();
        _bytes.ResetWrittenCount();
        if (_next > _last)
        {
            return false;
        }

        _select.Bind(1, _next).Bind(2, _last);
        try
        {
            while (_bytes.WrittenCount < MostBytes && _groups.Count < MostGroups && _select.Step())
            {
                Add(_select.Number(0), _select.Number(1), _select.Bytes(2));
            }
        }
        finally
        {
            _select.Reset();
        }

        return Count > 0 ? true : throw Missing();
    }

    public void Dispose()
    {
        _select.Dispose();
        _database.Dispose();
    }

    private void Add(long number, long total, ReadOnlySpan<byte> data)
    {
        if (number != _next)
        {
            throw Missing();
        }

        if (_total is { } before && total != before + data.Length)
        {
            throw new LedgerDamagedException($"{_path} is damaged: group {number} has {data.Length} bytes, not {total - before}.");
        }

        _groups.Add((number, _bytes.WrittenCount, data.Length));
        _bytes.Write(data);
        _total = total;
        _next++;
    }

    private LedgerDamagedException Missing() => new($"{_path} is damaged: group {_next} is missing.");
}
