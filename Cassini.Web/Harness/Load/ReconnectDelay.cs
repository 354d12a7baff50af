namespace Cassini.Web.Harness.Load;

/// <summary>The pauses between attempts to connect: 100 ms growing to 1 s, spread so that many clients do not knock together.</summary>
internal sealed class ReconnectDelay
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);
    private TimeSpan _next = TimeSpan.FromMilliseconds(100);

    public TimeSpan Next()
    {
        var delay = _next * (0.8 + (0.4 * Random.Shared.NextDouble()));
        _next = _next * 2 < Longest ? _next * 2 : Longest;
        return delay;
    }
}
