using System.Numerics;
using System.Runtime.InteropServices;

namespace Cassini.Streams.Broker.Durable;

/// <summary>
/// The copies of one session that lie in the store alone: which they are, where, and how large. About 13 bytes for each. Not thread-safe.
/// </summary>
/// <remarks>
/// The sequence numbers of what waits have few gaps, so they are kept in blocks of consecutive numbers: any of them is found at once, and
/// they may come and go in any order.
/// </remarks>
internal sealed class StoredBacklog
{
    /// <summary>What a block takes, in bytes.</summary>
    public const int BlockCost = (BlockSize * (sizeof(long) + sizeof(int))) + 96;

    /// <summary>About what a copy takes in memory beside its bytes.</summary>
    public const int CostOfCopy = 300;

    private const int BlockSize = 64;

    /// <summary>Of a size: its highest bit says that the copy is for a member of a shared subscription.</summary>
    private const uint SharedBit = 1u << 31;

    private readonly Dictionary<long, Block> _blocks = [];
    private long _firstBlock = long.MaxValue;

    public int Count { get; private set; }

    /// <summary>The bytes of the copies.</summary>
    public long Bytes { get; private set; }

    /// <summary>How many are for members of shared subscriptions.</summary>
    public int Shared { get; private set; }

    /// <summary>How many blocks there are.</summary>
    public int Blocks => _blocks.Count;

    /// <summary>The oldest one. Not when there is none.</summary>
    public StoredCopy First
    {
        get
        {
            var key = FirstBlock();
            return _blocks[key].At(key, BitOperations.TrailingZeroCount(_blocks[key].Present));
        }
    }

    /// <summary>The highest sequence number that was ever added.</summary>
    public long Last { get; private set; }

    /// <summary>Adds a copy, or replaces what is known of it.</summary>
    public void Add(StoredCopy copy, int size, bool isShared)
    {
        Remove(copy.Sequence);
        var (key, at) = PlaceOf(copy.Sequence);
        ref var block = ref CollectionsMarshal.GetValueRefOrAddDefault(_blocks, key, out _);
        block ??= new Block();
        block.Present |= 1UL << at;
        block.Groups[at] = copy.Group;
        block.Sizes[at] = (uint)size | (isShared ? SharedBit : 0);
        _firstBlock = Math.Min(_firstBlock, key);
        Last = Math.Max(Last, copy.Sequence);
        Count++;
        Bytes += size;
        Shared += isShared ? 1 : 0;
    }

    /// <returns>Whether it was there.</returns>
    public bool Remove(long sequence)
    {
        var (key, at) = PlaceOf(sequence);
        if (!_blocks.TryGetValue(key, out var block) || (block.Present & (1UL << at)) == 0)
        {
            return false;
        }

        block.Present &= ~(1UL << at);
        Count--;
        Bytes -= block.Sizes[at] & ~SharedBit;
        Shared -= (block.Sizes[at] & SharedBit) != 0 ? 1 : 0;
        if (block.Present == 0)
        {
            _blocks.Remove(key);
        }

        return true;
    }

    /// <summary>Where a copy lies, and its bytes; null when it is not there.</summary>
    public (long Group, int Size)? Find(long sequence)
    {
        var (key, at) = PlaceOf(sequence);
        return _blocks.TryGetValue(key, out var block) && (block.Present & (1UL << at)) != 0
            ? (block.Groups[at], (int)(block.Sizes[at] & ~SharedBit))
            : null;
    }

    /// <summary>A copy was written once more.</summary>
    public void Move(long sequence, long group)
    {
        var (key, at) = PlaceOf(sequence);
        if (_blocks.TryGetValue(key, out var block))
        {
            block.Groups[at] = group;
        }
    }

    /// <summary>The oldest copies from a sequence number on.</summary>
    /// <param name="from">The sequence number.</param>
    /// <param name="bytes">About how many bytes they may take in memory; one is always returned.</param>
    public StoredCopy[] Take(long from, long bytes)
    {
        var taken = new List<StoredCopy>();
        foreach (var (copy, size) in FromBlock(Math.Max(FirstBlock(), PlaceOf(from).Block)))
        {
            if (copy.Sequence >= from)
            {
                bytes -= CostOfCopy + size;
                if (bytes < 0 && taken.Count > 0)
                {
                    break;
                }

                taken.Add(copy);
            }
        }

        return [.. taken];
    }

    private static (long Block, int At) PlaceOf(long sequence) => (sequence / BlockSize, (int)(sequence % BlockSize));

    /// <summary>The block of the oldest copy.</summary>
    private long FirstBlock()
    {
        if (_blocks.Count == 0)
        {
            return _firstBlock = long.MaxValue;
        }

        return _firstBlock = _blocks.ContainsKey(_firstBlock) ? _firstBlock : NextBlock(_firstBlock + 1)!.Value;
    }

    /// <summary>The first block from a place on that is there; null when there is none.</summary>
    private long? NextBlock(long from)
    {
        if (_blocks.ContainsKey(from))
        {
            return from;
        }

        // A gap is rare, so that all are looked at then.
        long? next = null;
        foreach (var key in _blocks.Keys)
        {
            next = key >= from && key <= (next ?? key) ? key : next;
        }

        return next;
    }

    private IEnumerable<(StoredCopy Copy, long Size)> FromBlock(long from)
    {
        for (var key = NextBlock(from); key is { } at; key = NextBlock(at + 1))
        {
            var block = _blocks[at];
            for (var left = block.Present; left != 0; left &= left - 1)
            {
                var place = BitOperations.TrailingZeroCount(left);
                yield return (block.At(at, place), block.Sizes[place] & ~SharedBit);
            }
        }
    }

    private sealed class Block
    {
        public readonly long[] Groups = new long[BlockSize];
        public readonly uint[] Sizes = new uint[BlockSize];
        public ulong Present;

        public StoredCopy At(long key, int place) => new((key * BlockSize) + place, Groups[place]);
    }
}
