namespace Cassini.Streams.Health.Facts;

/// <summary>Thresholds with hysteresis: exceeded at the threshold, and left only below a part of it.</summary>
internal static class Threshold
{
    public static bool Exceeds(TimeSpan value, TimeSpan threshold, double leaveRatio, bool exceeded) =>
        exceeded ? value >= threshold * leaveRatio : value >= threshold;

    public static bool Exceeds(double value, double threshold, double leaveRatio, bool exceeded) =>
        exceeded ? value > threshold * leaveRatio : value > threshold;
}
