using System.Net;
using Cassini.Streams.Primitives;

namespace Cassini.Management.Access;

/// <summary>Slots for what stays open, limited in all and for each caller. Thread-safe.</summary>
/// <param name="what">What takes a slot, in the plural; for messages.</param>
/// <param name="most">The limit for all callers.</param>
/// <param name="places">The limit for one caller.</param>
internal sealed class SharedPlaces(string what, int most, CallerPlaces places)
{
    private readonly SharedPlaces? _whole;
    private int _taken;

    private SharedPlaces(string what, int most, SharedPlaces whole)
        : this(what, most, whole.Places) => _whole = whole;

    /// <summary>Slots that are taken.</summary>
    public int Count => Volatile.Read(ref _taken);

    private CallerPlaces Places => places;

    /// <summary>A part of these slots: a slot of the part is one of these too.</summary>
    /// <param name="what">What takes a slot of the part; for messages.</param>
    /// <param name="most">The size of the part.</param>
    public SharedPlaces Part(string what, int most) => new(what, most, this);

    /// <summary>Takes a slot.</summary>
    /// <param name="caller">The caller's address.</param>
    /// <returns>Why no slot is free, with the status of the answer; null when one was taken.</returns>
    public (int Status, string Sentence)? Take(IPAddress? caller)
    {
        var full = Interlocked.Increment(ref _taken) > most
            ? (StatusCodes.Status503ServiceUnavailable, TooMany(Quantity.Of(most, "is", "are")))
            : _whole is not null
            ? _whole.Take(caller)
            : places.TryTake(caller)
            ? ((int, string)?)null
            : (StatusCodes.Status429TooManyRequests, TooMany(Quantity.Of(places.Most, "of yours is", "of yours are")));
        if (full is not null)
        {
            Interlocked.Decrement(ref _taken);
        }

        return full;
    }

    /// <summary>Gives back a slot that the caller took.</summary>
    /// <param name="caller">The caller's address.</param>
    public void GiveBack(IPAddress? caller)
    {
        if (_whole is not null)
        {
            _whole.GiveBack(caller);
        }
        else
        {
            places.GiveBack(caller);
        }

        Interlocked.Decrement(ref _taken);
    }

    private string TooMany(string several) => $"too many {what}: {several} open, and no more are allowed";
}
