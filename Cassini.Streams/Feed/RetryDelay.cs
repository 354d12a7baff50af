namespace Cassini.Streams.Feed;

/// <summary>
/// The pauses between attempts: each a tenth longer than the last, so that nobody comes late by more than about a tenth of the time that it
/// waited, and shortened at random, so that many clients do not knock together. For one caller.
/// </summary>
public sealed class RetryDelay
{
    private const double Growth = 1.1;
    private readonly TimeSpan _first;
    private readonly TimeSpan _longest;
    private readonly Func<double> _random;
    private TimeSpan _next;

    /// <summary>Begins with the first pause.</summary>
    /// <param name="first">The first pause; over 0.</param>
    /// <param name="longest">The longest pause.</param>
    /// <param name="random">From 0 to 1: how much of half a pause is left out; a source of its own when null.</param>
    public RetryDelay(TimeSpan first, TimeSpan longest, Func<double>? random = null)
    {
        (_first, _longest, _next) = (first, longest, first);
        _random = random ?? Random.Shared.NextDouble;
    }

    /// <summary>The next pause.</summary>
    public TimeSpan Next()
    {
        var delay = _next * (1 - (_random() / 2));
        _next = _next * Growth < _longest ? _next * Growth : _longest;
        return delay;
    }

    /// <summary>An attempt succeeded: the next pause is the first again.</summary>
    public void Reset() => _next = _first;
}
