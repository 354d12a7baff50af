namespace Cassini.Web.Cli.Waiting;

/// <summary>The pauses between looks at what is not there: 100 ms growing to 1 s, spread so that many waiters do not knock together.</summary>
internal sealed class RetryDelay(Random random)
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);
    private TimeSpan _next = First;

    public TimeSpan Next()
    {
        var delay = _next * (0.8 + (0.4 * random.NextDouble()));
        _next = _next * 2 < Longest ? _next * 2 : Longest;
        return delay;
    }

    public void Reset() => _next = First;
}
