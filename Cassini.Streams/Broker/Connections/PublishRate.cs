namespace Cassini.Streams.Broker.Connections;

/// <summary>How fast one client may publish: a second's worth at once, then evenly. For the connection's reader.</summary>
internal sealed class PublishRate(int perSecond, TimeProvider time)
{
    private double _left = perSecond;
    private long _at = time.GetTimestamp();

    /// <summary>How long until one more message may come.</summary>
    public TimeSpan Wait => TimeSpan.FromSeconds(Math.Max(0, 1 - _left) / perSecond) + TimeSpan.FromMilliseconds(1);

    public bool TryTake()
    {
        if (_left < 1)
        {
            var now = time.GetTimestamp();
            _left = Math.Min(perSecond, _left + (time.GetElapsedTime(_at, now).TotalSeconds * perSecond));
            _at = now;
        }

        if (_left < 1)
        {
            return false;
        }

        _left--;
        return true;
    }
}
