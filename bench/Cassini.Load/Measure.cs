namespace Cassini.Load;

/// <summary>Time and percentiles, the same everywhere.</summary>
internal static class Measure
{
    public static double Percentile(IEnumerable<double> values, double part)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length == 0 ? double.NaN : sorted[Math.Clamp((int)Math.Ceiling(part * sorted.Length) - 1, 0, sorted.Length - 1)];
    }

    public static TimeSpan Since(long start) => TimeProvider.System.GetElapsedTime(start);

    public static long Now => TimeProvider.System.GetTimestamp();
}
