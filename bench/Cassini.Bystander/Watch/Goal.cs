namespace Cassini.Bystander.Watch;

/// <summary>What nobody else may notice more of than this.</summary>
internal static class Goal
{
    public static readonly TimeSpan RoundTrip = TimeSpan.FromMilliseconds(100);
    public static readonly TimeSpan Live = TimeSpan.FromMilliseconds(50);
    public static readonly TimeSpan Newcomer = TimeSpan.FromSeconds(1);

    /// <summary>Of a core: a broker that serves the bystander alone uses less.</summary>
    public const double QuietCpu = 0.5;

    /// <summary>Resident memory, as a multiple of the memory limit, over that at the start.</summary>
    public const double Memory = 1.5;
}
