namespace Cassini.Streams.Listening.Endpoints;

/// <summary>A delay that doubles with each failure in a row, up to a limit.</summary>
internal sealed class BackOff(TimeSpan first, TimeSpan longest)
{
    private TimeSpan? _last;

    public TimeSpan Next()
    {
        var next = _last switch
        {
            null => first,
            { } last when last > longest / 2 => longest,
            { } last => last * 2,
        };
        _last = next;
        return next;
    }

    public void Reset() => _last = null;
}
