using Cassini.Streams.Broker.Model;

namespace Cassini.Streams.Broker.Routing;

/// <summary>
/// The subscriptions, or the shared subscriptions, that end at one node. One writer at a time (under the tree's lock), and readers without
/// a lock: an entry is written before it is counted, and a removed entry leaves a hole until the list is compacted.
/// </summary>
internal sealed class NodeList<T>
    where T : class, IListed
{
    private const int Smallest = 1;

    private T?[] _places = new T?[Smallest];
    private int _used;
    private int _live;

    public int Count => _live;

    public void Add(T entry)
    {
        var places = _places;
        if (_used == places.Length)
        {
            places = Pack(_live * 2);
        }

        entry.Index = _used;
        Volatile.Write(ref places[_used], entry);
        _live++;
        Volatile.Write(ref _used, _used + 1);
    }

    public void Remove(T entry)
    {
        Volatile.Write(ref _places[entry.Index], null);
        _live--;
        if (_used > 8 && _live < _used / 4)
        {
            Pack(_live * 2);
        }
    }

    public void CopyTo(List<T> matches)
    {
        // The count is read first: the entries that it counts are in this array or in a newer one.
        var used = Volatile.Read(ref _used);
        var places = Volatile.Read(ref _places);
        used = Math.Min(used, places.Length);
        for (var at = 0; at < used; at++)
        {
            if (Volatile.Read(ref places[at]) is { } entry)
            {
                matches.Add(entry);
            }
        }
    }

    private T?[] Pack(int capacity)
    {
        var packed = new T?[Math.Max(capacity, Smallest)];
        var count = 0;
        foreach (var entry in _places.AsSpan(0, _used))
        {
            if (entry is not null)
            {
                entry.Index = count;
                packed[count++] = entry;
            }
        }

        // A reader that sees the new array with the old count reads nulls at its end, and no entry twice.
        Volatile.Write(ref _places, packed);
        Volatile.Write(ref _used, count);
        return packed;
    }
}
