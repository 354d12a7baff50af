using Cassini.Streams.Events;

namespace Cassini.Web.Cli.Replaying;

/// <summary>How long each overall status lasted under one policy. Between segments nothing is known, and nothing is counted.</summary>
internal sealed class StatusTimes
{
    private readonly Dictionary<HealthStatus, TimeSpan> _times = [];
    private HealthStatus _status;
    private TimeSpan _since;

    public IEnumerable<(HealthStatus Status, TimeSpan Time)> All =>
        _times.Where(time => time.Value > TimeSpan.Zero).OrderBy(time => time.Key).Select(time => (time.Key, time.Value));

    /// <summary>All of it.</summary>
    public TimeSpan Span => _times.Values.Aggregate(TimeSpan.Zero, (sum, time) => sum + time);

    /// <summary>A segment begins.</summary>
    public void Begin(HealthStatus status, TimeSpan elapsed) => (_status, _since) = (status, elapsed);

    /// <summary>The status changes, or is still the same.</summary>
    public void Turn(HealthStatus status, TimeSpan elapsed)
    {
        _times[_status] = _times.GetValueOrDefault(_status) + (elapsed - _since);
        (_status, _since) = (status, elapsed);
    }

    /// <summary>What was known ends.</summary>
    public void End(TimeSpan elapsed) => Turn(_status, elapsed);
}
