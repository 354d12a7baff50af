namespace Cassini.Management.Telemetry;

/// <summary>
/// Gives the observable instruments their numbers. Within <see cref="Hold"/> all of them see one reading. A collection that we do
/// not begin, the periodic one for OTLP, sees a reading that is shared for <see cref="Fresh"/>: far longer than it takes.
/// Thread-safe.
/// </summary>
internal sealed class MetricsSource(Func<MetricsReading> read, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);

    private readonly ThreadLocal<MetricsReading?> _held = new();
    private volatile Shared? _shared;

    public MetricsReading Current => _held.Value ?? OfThisMoment();

    /// <summary>Collects on this thread with one reading, taken now.</summary>
    /// <returns>The reading.</returns>
    public MetricsReading Hold(Action collect)
    {
        var reading = read();
        _held.Value = reading;
        try
        {
            collect();
            return reading;
        }
        finally
        {
            _held.Value = null;
        }
    }

    public void Dispose() => _held.Dispose();

    private MetricsReading OfThisMoment()
    {
        var shared = _shared;
        if (shared is null || time.GetElapsedTime(shared.At) > Fresh)
        {
            shared = new Shared(read(), time.GetTimestamp());
            _shared = shared;
        }

        return shared.Reading;
    }

    private sealed record Shared(MetricsReading Reading, long At);
}
