namespace Cassini.Harness.Load;

/// <summary>Which sequences arrived: one bit each, in pages. A full page needs no memory of its own.</summary>
internal sealed class SequenceBitmap
{
    private const int PageBits = 1 << 16;
    private static readonly Page Full = new(0);

    private readonly Dictionary<long, Page> _pages = [];

    /// <summary>How many different ones arrived.</summary>
    public long Count { get; private set; }

    /// <summary>Records one.</summary>
    /// <returns>False when it was there before.</returns>
    public bool Add(long sequence)
    {
        var number = sequence / PageBits;
        if (!_pages.TryGetValue(number, out var page))
        {
            _pages[number] = page = new Page(PageBits / 64);
        }

        if (page == Full || !page.Set((int)(sequence % PageBits)))
        {
            return false;
        }

        Count++;
        if (page.Seen == PageBits)
        {
            _pages[number] = Full;
        }

        return true;
    }

    private sealed class Page(int words)
    {
        private readonly ulong[] _bits = new ulong[words];

        public int Seen { get; private set; }

        public bool Set(int bit)
        {
            ref var word = ref _bits[bit >> 6];
            var mask = 1UL << (bit & 63);
            if ((word & mask) != 0)
            {
                return false;
            }

            word |= mask;
            Seen++;
            return true;
        }
    }
}
