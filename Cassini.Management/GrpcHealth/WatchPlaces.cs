using System.Net;
using Cassini.Management.Access;
using Cassini.Streams.Primitives;

namespace Cassini.Management.GrpcHealth;

/// <summary>Slots for open watches, limited in all and for each caller. A refusal is counted. Thread-safe.</summary>
/// <param name="most">Watches of all callers at once.</param>
/// <param name="places">Watches of one caller at once.</param>
/// <param name="refusals">Counts the watches that are refused.</param>
internal sealed class WatchPlaces(int most, CallerPlaces places, Refusals refusals)
{
    private int _taken;

    /// <summary>Takes a slot.</summary>
    /// <returns>Why there is no free slot; null when one was taken.</returns>
    public string? Take(IPAddress? caller)
    {
        if (Interlocked.Increment(ref _taken) > most)
        {
            Interlocked.Decrement(ref _taken);
            refusals.Add(RefusalKind.Watches);
            return $"too many watches: {Quantity.Of(most, "is", "are")} open, and no more are allowed";
        }

        if (!places.TryTake(caller))
        {
            Interlocked.Decrement(ref _taken);
            refusals.Add(RefusalKind.Watches);
            return $"too many watches: {Quantity.Of(places.Most, "of yours is", "of yours are")} open, and no more are allowed";
        }

        return null;
    }

    public void GiveBack(IPAddress? caller)
    {
        places.GiveBack(caller);
        Interlocked.Decrement(ref _taken);
    }
}
