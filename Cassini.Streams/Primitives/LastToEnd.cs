namespace Cassini.Streams.Primitives;

/// <summary>Which of several CAs decides how long clients can connect.</summary>
internal static class LastToEnd
{
    /// <summary>
    /// The rank of one CA; the highest decides. While one is valid, its clients can connect, so it is the last to end among those that are
    /// valid now. Without such a one it is the last that ended, and without that the first that will begin.
    /// </summary>
    /// <param name="begins">When it begins to be valid, in ticks of any clock.</param>
    /// <param name="ends">When it is no longer valid, in ticks of the same clock.</param>
    /// <param name="now">The time now, in ticks of the same clock.</param>
    public static (int Group, long Order) Rank(long begins, long ends, long now) =>
        begins > now ? (0, -begins) : ends > now ? (2, ends) : (1, ends);
}
