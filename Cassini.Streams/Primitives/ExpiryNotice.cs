namespace Cassini.Streams.Primitives;

/// <summary>How long before its end a certificate or a revocation list counts as expiring.</summary>
internal static class ExpiryNotice
{
    /// <summary>
    /// The wanted notice, but no longer than the last third of the life, so that a certificate of a day is not always expiring.
    /// </summary>
    /// <param name="wanted">The notice as configured.</param>
    /// <param name="life">From its beginning to its end; null when that is not known.</param>
    public static TimeSpan Of(TimeSpan wanted, TimeSpan? life) =>
        life is { } known && known / 3 < wanted ? known / 3 : wanted;
}
