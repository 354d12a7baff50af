using System.Numerics;

namespace Cassini.Streams.Broker.Routing;

/// <summary>
/// Topics by their hashes, each with a mark of 1 to 3, in 11 to 40 bytes a topic. Two topics with the same hash are one. Written by one
/// thread at a time, and read by any thread without a lock: the places are only filled in place, or replaced as a whole.
/// </summary>
internal sealed class HashedTopics
{
    /// <summary>The bits of an entry that are its mark; the others are the hash.</summary>
    public const ulong MarkBits = 3;

    private const int FirstSize = 16;

    /// <summary>Who chooses the topics must not choose their places: then all searches would be long.</summary>
    private readonly ulong _factor = HashComparer.RandomFactor();

    /// <summary>A hash with its mark: with mark 0 it was removed. 0 is a free place, at which a search ends.</summary>
    private ulong[] _places = new ulong[FirstSize];
    private int _used;

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    /// <summary>All of them, each as its hash with its mark.</summary>
    public IEnumerable<ulong> All => Volatile.Read(ref _places).Where(entry => (entry & MarkBits) != 0);

    /// <summary>The mark of a topic; 0 when it is not there.</summary>
    /// <param name="hash"><see cref="HashOf"/> the topic.</param>
    public int this[ulong hash]
    {
        get
        {
            Search(Volatile.Read(ref _places), hash, out var entry);
            return (int)(entry & MarkBits);
        }
    }

    /// <summary>The hash of a topic, the same on all nodes: never 0, and without the bits of the mark.</summary>
    public static ulong HashOf(ReadOnlySpan<byte> topic) => (FleetHash.Of(topic) & ~MarkBits) is not 0 and var hash ? hash : ~MarkBits;

    /// <summary>Gives a topic a mark, in place of one that it has.</summary>
    /// <param name="hash"><see cref="HashOf"/> the topic.</param>
    /// <param name="mark">1 to 3; 0 removes it.</param>
    public void Set(ulong hash, int mark)
    {
        var at = Search(_places, hash, out var before);
        if (before == 0)
        {
            if (mark == 0)
            {
                return;
            }

            if ((_used + 1) * 4L > _places.Length * 3L)
            {
                Rebuild();
                at = Search(_places, hash, out _);
            }

            _used++;
        }

        Volatile.Write(ref _places[at], hash | (uint)mark);
        Count += (mark == 0 ? 0 : 1) - ((before & MarkBits) == 0 ? 0 : 1);
        if (_places.Length > FirstSize && Count * 5L < _places.Length)
        {
            Rebuild();
        }
    }

    /// <summary>Where a hash is, or the free place at which the search for it ends. There is always one.</summary>
    private int Search(ulong[] places, ulong hash, out ulong entry)
    {
        var last = places.Length - 1;
        for (var at = (int)((hash * _factor) >> BitOperations.LeadingZeroCount((ulong)last)); ; at = (at + 1) & last)
        {
            entry = Volatile.Read(ref places[at]);
            if (entry == 0 || (entry & ~MarkBits) == hash)
            {
                return at;
            }
        }
    }

    private void Rebuild()
    {
        var places = new ulong[Math.Max(FirstSize, (int)BitOperations.RoundUpToPowerOf2((uint)(Count + 1) * 2))];
        foreach (var entry in All)
        {
            places[Search(places, entry & ~MarkBits, out _)] = entry;
        }

        _used = Count;
        Volatile.Write(ref _places, places);
    }
}
