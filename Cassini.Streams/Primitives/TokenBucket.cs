namespace Cassini.Streams.Primitives;

/// <summary>A rate with a burst: a full bucket of tokens at first, refilled evenly. Not thread-safe.</summary>
/// <param name="burst">The most tokens that it holds; at least 1.</param>
/// <param name="perSecond">Tokens that it gains each second; at least 1.</param>
/// <param name="time">The clock.</param>
internal sealed class TokenBucket(int burst, int perSecond, TimeProvider time)
{
    // Without it, a timer that fires at the exact instant would find the last token incomplete because of rounding.
    private static readonly TimeSpan Rounding = TimeSpan.FromMilliseconds(1);

    private double _tokens = burst;
    private long _at = time.GetTimestamp();

    /// <summary>The time until the next token is available, at least 1 ms.</summary>
    public TimeSpan Wait => TimeSpan.FromSeconds(Math.Max(0, 1 - _tokens) / perSecond) + Rounding;

    /// <summary>Takes a token if one is available.</summary>
    /// <param name="now">A timestamp, not before that of an earlier call.</param>
    public bool TryTake(long now) => TryTake(now, 1);

    /// <summary>Takes some tokens if all of them are available.</summary>
    /// <param name="now">A timestamp, not before that of an earlier call.</param>
    /// <param name="count">How many.</param>
    public bool TryTake(long now, int count)
    {
        _tokens = Math.Min(burst, _tokens + (time.GetElapsedTime(_at, now).TotalSeconds * perSecond));
        _at = now;
        if (_tokens < count)
        {
            return false;
        }

        _tokens -= count;
        return true;
    }
}
