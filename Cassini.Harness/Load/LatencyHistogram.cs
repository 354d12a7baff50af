using System.Numerics;

namespace Cassini.Harness.Load;

/// <summary>Latencies in microseconds, in buckets that are at most a 32nd of their value wide.</summary>
internal sealed class LatencyHistogram
{
    private const int SubBits = 5;
    private const int SubBuckets = 1 << SubBits;

    private readonly long[] _buckets = new long[(64 - SubBits + 1) * SubBuckets];
    private long _count;
    private long _max;

    public void Add(TimeSpan latency)
    {
        var value = Math.Max(0, latency.Ticks / TimeSpan.TicksPerMicrosecond);
        _buckets[IndexOf(value)]++;
        _count++;
        _max = Math.Max(_max, value);
    }

    /// <summary>Null while there is none.</summary>
    public LatencySummary? Summary => _count == 0
        ? null
        : new LatencySummary(_count, At(0.5) / 1000.0, At(0.99) / 1000.0, _max / 1000.0);

    private long At(double quantile)
    {
        var rank = (long)Math.Ceiling(quantile * _count);
        for (var i = 0; i < _buckets.Length; i++)
        {
            rank -= _buckets[i];
            if (rank <= 0)
            {
                return Math.Min(HighestOf(i), _max);
            }
        }

        return _max;
    }

    private static int IndexOf(long value)
    {
        var shift = Math.Max(0, BitOperations.Log2((ulong)value | 1) - SubBits);
        return (shift * SubBuckets) + (int)(value >> shift);
    }

    private static long HighestOf(int index)
    {
        var shift = Math.Max(0, (index / SubBuckets) - 1);
        return ((index - (shift * SubBuckets) + 1L) << shift) - 1;
    }
}

/// <summary>How long messages took from the call that published them to the subscriber, in milliseconds.</summary>
internal sealed record LatencySummary(long Samples, double P50Ms, double P99Ms, double MaxMs);
