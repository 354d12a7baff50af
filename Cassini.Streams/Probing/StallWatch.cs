namespace Cassini.Streams.Probing;

/// <summary>Whether something has not answered for too long.</summary>
internal sealed class StallWatch(TimeSpan limit, TimeProvider time)
{
    private long _since = time.GetTimestamp();

    public void Reset() => _since = time.GetTimestamp();

    public bool IsStalled() => time.GetElapsedTime(_since) >= limit;
}
