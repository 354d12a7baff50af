using System.Runtime.InteropServices;
using Cassini.Streams.Quotas;

namespace Cassini.Streams.Broker.Model;

/// <summary>
/// How often the identities hold something that is in memory once for all of them, and that may be held for long: an identity that holds
/// it no more is forgotten. Not thread-safe.
/// </summary>
internal struct Holders
{
    private AccountMemory? _first;
    private int _ofFirst;
    private Dictionary<AccountMemory, int>? _ofOthers;

    public readonly bool IsEmpty => _ofFirst == 0 && _ofOthers is null;

    /// <returns>Whether nobody of the identity held it.</returns>
    public bool Enter(AccountMemory memory)
    {
        // It is held for one identity as a rule: others need a table.
        if (_ofFirst == 0 && _ofOthers?.ContainsKey(memory) is not true)
        {
            _first = memory;
        }

        if (_first == memory)
        {
            return ++_ofFirst == 1;
        }

        _ofOthers ??= [];
        return ++CollectionsMarshal.GetValueRefOrAddDefault(_ofOthers, memory, out _) == 1;
    }

    /// <returns>Whether nobody of the identity holds it any more.</returns>
    public bool Leave(AccountMemory memory)
    {
        if (_first == memory)
        {
            _first = --_ofFirst == 0 ? null : memory;
            return _ofFirst == 0;
        }

        var left = --CollectionsMarshal.GetValueRefOrNullRef(_ofOthers!, memory);
        if (left == 0)
        {
            _ofOthers!.Remove(memory);
            _ofOthers = _ofOthers.Count == 0 ? null : _ofOthers;
        }

        return left == 0;
    }
}
