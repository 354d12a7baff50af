using System.Net;
using Cassini.Streams.Primitives;

namespace Cassini.Management.Access;

/// <summary>Slots of which each caller may hold a limited number: connections, feeds or long polls. Thread-safe.</summary>
/// <param name="most">The limit for one caller; null when callers are not distinguished.</param>
internal sealed class CallerPlaces(int? most)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<PeerKey, int> _taken = [];

    /// <summary>How many slots a caller may hold; for messages.</summary>
    public int Most => most ?? int.MaxValue;

    /// <summary>Takes a slot, unless the caller holds as many as it may.</summary>
    public bool TryTake(IPAddress? caller)
    {
        if (most is null)
        {
            return true;
        }

        var key = PeerKey.Of(caller);
        lock (_gate)
        {
            var taken = _taken.GetValueOrDefault(key);
            if (taken >= most)
            {
                return false;
            }

            _taken[key] = taken + 1;
            return true;
        }
    }

    public void GiveBack(IPAddress? caller)
    {
        if (most is null)
        {
            return;
        }

        var key = PeerKey.Of(caller);
        lock (_gate)
        {
            var left = _taken[key] - 1;
            if (left == 0)
            {
                _taken.Remove(key);
            }
            else
            {
                _taken[key] = left;
            }
        }
    }
}
