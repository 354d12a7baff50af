namespace Cassini.Streams.Listening.Endpoints;

/// <summary>Makes one report of many failures: the first at once, then at most one each interval, with the count since.</summary>
internal sealed class BurstCounter(TimeSpan interval, TimeProvider time)
{
    private long? _reportedAt;
    private int _unreported;

    /// <summary>Counts a failure.</summary>
    /// <returns>How many failures to report now; 0 for none yet.</returns>
    public int Add()
    {
        _unreported++;
        if (_reportedAt is { } reportedAt && time.GetElapsedTime(reportedAt) < interval)
        {
            return 0;
        }

        _reportedAt = time.GetTimestamp();
        var failures = _unreported;
        _unreported = 0;
        return failures;
    }
}
