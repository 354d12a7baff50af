namespace Cassini.Streams.Feed;

/// <summary>The pauses between attempts: growing, and spread at random so that many clients do not knock together.</summary>
internal sealed class RetryDelay(TimeSpan first, TimeSpan longest, Func<double> random)
{
    private readonly TimeSpan _first = first;
    private const double Growth = 1.5;
    private TimeSpan _next = first;

    public TimeSpan Next()
    {
        var delay = _next * (1 - (random() / 2));
        _next = _next * Growth < longest ? _next * Growth : longest;
        return delay;
    }

    public void Reset() => _next = _first;
}
