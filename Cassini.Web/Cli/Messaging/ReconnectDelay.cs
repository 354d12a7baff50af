namespace Cassini.Web.Cli.Messaging;

/// <summary>The pauses between attempts to reach a lost broker: 100 ms growing to 10 s, spread so that its clients do not all come at once.</summary>
internal sealed class ReconnectDelay(Random random)
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);
    private TimeSpan _next = TimeSpan.FromMilliseconds(100);

    public TimeSpan Next()
    {
        var delay = _next * (0.8 + (0.4 * random.NextDouble()));
        _next = _next * 2 < Longest ? _next * 2 : Longest;
        return delay;
    }
}
