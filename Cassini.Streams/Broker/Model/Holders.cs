using System.Runtime.InteropServices;
using Cassini.Streams.Quotas;

namespace Cassini.Streams.Broker.Model;

/// <summary>
/// Who holds something that is in memory once for all: it counts once for each identity that holds it, and once for all together.
/// Thread-safe.
/// </summary>
internal struct Holders
{
    /// <summary>In the count: one of another identity than the first.</summary>
    private const long OneOther = 1L << 32;

    private AccountMemory? _first;
    private Dictionary<AccountMemory, int>? _ofOthers;

    /// <summary>How many there are: those of the first identity in the lower half, those of all others in the upper one.</summary>
    private long _count;

    /// <summary>One more holds it.</summary>
    /// <returns>How many more the identity has now, and all together: each 1 or 0.</returns>
    public (int Own, int Added) Enter(AccountMemory memory)
    {
        // It is held for one identity as a rule: others need a table.
        if (_first == memory || Interlocked.CompareExchange(ref _first, memory, null) is null)
        {
            var count = Interlocked.Increment(ref _count);
            return ((int)count == 1 ? 1 : 0, count == 1 ? 1 : 0);
        }

        var others = _ofOthers ?? Interlocked.CompareExchange(ref _ofOthers, [], null) ?? _ofOthers;
        bool isNew;
        lock (others)
        {
            isNew = ++CollectionsMarshal.GetValueRefOrAddDefault(others, memory, out _) == 1;
        }

        return (isNew ? 1 : 0, Interlocked.Add(ref _count, OneOther) == OneOther ? 1 : 0);
    }

    /// <summary>One that held it does so no more.</summary>
    /// <returns>How many less the identity has now, and all together: each 1 or 0.</returns>
    public (int Own, int Added) Leave(AccountMemory memory)
    {
        if (_first == memory)
        {
            var count = Interlocked.Decrement(ref _count);
            return ((int)count == 0 ? 1 : 0, count == 0 ? 1 : 0);
        }

        bool isGone;
        lock (_ofOthers!)
        {
            isGone = --CollectionsMarshal.GetValueRefOrNullRef(_ofOthers, memory) == 0;
            if (isGone)
            {
                _ofOthers.Remove(memory);
            }
        }

        return (isGone ? 1 : 0, Interlocked.Add(ref _count, -OneOther) == 0 ? 1 : 0);
    }
}
