using Cassini.Streams.Events;

namespace Cassini.Streams.Health.Facts;

/// <summary>The settings: whether they are read at all, and what is wrong with those that were read last.</summary>
/// <param name="IsRead">Whether anything reads settings: an application that embeds the broker has them itself.</param>
/// <param name="Problem">What is wrong with the last ones; null when nothing is.</param>
/// <param name="Cause">The event that the present state is from.</param>
internal sealed record ConfigurationFacts(bool IsRead, string? Problem, long Cause)
{
    public static readonly ConfigurationFacts None = new(false, null, 0);

    public ConfigurationFacts Apply(ConfigurationReloadFailed? failed, long sequence) => new(
        true,
        failed is null or { More: 0 } ? failed?.Problem : $"{failed.Problem}; and {failed.More} more",
        sequence);
}
