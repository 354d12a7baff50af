namespace Cassini.Streams.Cluster.Links;

/// <summary>Numbers of links: each is higher than that of any link of the same node before, also over its runs.</summary>
internal static class LinkNumber
{
    private const int BitsInARun = 16;

    /// <summary>A run that had more links than it has numbers for uses those of the next milliseconds.</summary>
    private const ulong Tolerance = 256;

    /// <summary>The number before the first one of a run.</summary>
    /// <param name="run">The milliseconds of its epoch.</param>
    public static ulong Before(ulong run) => run << BitsInARun;

    /// <summary>Whether a link is of a run.</summary>
    /// <param name="number">The number of the link.</param>
    /// <param name="run">The run; 0 for any.</param>
    public static bool IsOf(ulong number, ulong run) => run == 0 || (number >> BitsInARun) - run < Tolerance;
}
