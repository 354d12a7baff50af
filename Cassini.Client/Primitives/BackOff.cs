namespace Cassini.Streams.Primitives;

/// <summary>The delays between attempts that fail: each longer than the last, up to a limit. For one caller at a time.</summary>
internal sealed class BackOff
{
    private readonly TimeSpan _first;
    private readonly TimeSpan _longest;
    private readonly double _factor;
    private readonly Func<double>? _jitter;
    private int _failures;

    /// <summary>Begins with the first delay.</summary>
    /// <param name="first">The first delay; over 0.</param>
    /// <param name="longest">The longest delay; at least the first.</param>
    /// <param name="factor">By how much each delay exceeds the one before; at least 1. Default 2.</param>
    /// <param name="jitter">
    /// From 0 to 1: how much of half a delay is left out, so that many callers do not retry at the same instant. Default: nothing.
    /// </param>
    public BackOff(TimeSpan first, TimeSpan longest, double factor = 2, Func<double>? jitter = null) =>
        (_first, _longest, _factor, _jitter) = (first, longest, factor, jitter);

    /// <summary>
    /// For a client that waits for a server: each delay is a tenth longer than the last, so that the client comes late by about a
    /// tenth of the time that it waited, and each is shortened at random by up to half.
    /// </summary>
    /// <param name="first">The first delay; over 0.</param>
    /// <param name="longest">The longest delay; at least the first.</param>
    /// <param name="random">From 0 to 1. Default: the process's random numbers.</param>
    public static BackOff OfClient(TimeSpan first, TimeSpan longest, Func<double>? random = null) =>
        new(first, longest, factor: 1.1, random ?? Random.Shared.NextDouble);

    /// <summary>The delay after a number of failures in a row, without jitter.</summary>
    /// <param name="failures">From 1.</param>
    /// <param name="first">The delay after the first failure.</param>
    /// <param name="longest">The longest delay.</param>
    /// <param name="factor">By how much each delay exceeds the one before; at least 1.</param>
    public static TimeSpan After(int failures, TimeSpan first, TimeSpan longest, double factor)
    {
        var ticks = first.Ticks * Math.Pow(factor, failures - 1);
        return ticks < longest.Ticks ? TimeSpan.FromTicks((long)ticks) : longest;
    }

    /// <summary>The next delay.</summary>
    public TimeSpan Next()
    {
        _failures = _failures < int.MaxValue ? _failures + 1 : _failures;
        var delay = After(_failures, _first, _longest, _factor);
        return _jitter is null ? delay : delay * (1 - (_jitter() / 2));
    }

    /// <summary>An attempt succeeded: the next delay is the first again.</summary>
    public void Reset() => _failures = 0;
}
