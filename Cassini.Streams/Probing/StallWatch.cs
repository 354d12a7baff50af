namespace Cassini.Streams.Probing;

/// <summary>Whether something has not answered for too long.</summary>
/// <param name="limit">How long is too long.</param>
/// <param name="longestLook">
/// The most time that one look may count: what is more is a pause of this process, in which nothing could answer.
/// </param>
/// <param name="time">The clock.</param>
internal sealed class StallWatch(TimeSpan limit, TimeSpan longestLook, TimeProvider time)
{
    private long _lookedAt = time.GetTimestamp();
    private TimeSpan _silence;

    /// <summary>It answered.</summary>
    public void Reset()
    {
        _lookedAt = time.GetTimestamp();
        _silence = TimeSpan.Zero;
    }

    /// <summary>It did not answer once more.</summary>
    public bool IsStalled()
    {
        var now = time.GetTimestamp();
        var passed = time.GetElapsedTime(_lookedAt, now);
        _lookedAt = now;
        _silence += passed < longestLook ? passed : longestLook;
        return _silence >= limit;
    }
}
