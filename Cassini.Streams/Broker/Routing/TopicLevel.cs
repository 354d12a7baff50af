using System.Collections.Immutable;
using Cassini.Streams.Broker.Model;

namespace Cassini.Streams.Broker.Routing;

/// <summary>One level of the topics as a tree: the next names below some levels, in the order of their bytes.</summary>
/// <param name="Topics">How many topics there are below these levels, however deep.</param>
/// <param name="HasMore">Whether there are names after the last of these.</param>
/// <param name="Children">The names.</param>
internal sealed record TopicLevel(int Topics, bool HasMore, ImmutableArray<TopicChild> Children)
{
    /// <summary>Looks at each topic once, however many levels are asked for.</summary>
    /// <param name="topics">The topics.</param>
    /// <param name="levels">The levels.</param>
    /// <param name="describe">Describes a topic; only for those that are returned.</param>
    /// <returns>For each of the levels what is there.</returns>
    public static ImmutableArray<TopicLevel> Of(
        IEnumerable<Topic> topics, IReadOnlyList<TopicLevelQuery> levels, Func<Topic, TopicInfo> describe)
    {
        TopicLevelScan[] scans = [.. levels.Select(level => new TopicLevelScan(level))];
        foreach (var topic in topics)
        {
            foreach (var scan in scans)
            {
                scan.Look(topic);
            }
        }

        return [.. scans.Select(scan => scan.Result(describe))];
    }
}

/// <summary>A level of the topics that is asked for.</summary>
/// <param name="Under">The levels above it; null for the first level.</param>
/// <param name="After">The name after which it begins, in the order of the bytes; null for the first.</param>
/// <param name="Limit">How many names are returned at most.</param>
internal sealed record TopicLevelQuery(string? Under, string? After, int Limit);

/// <summary>A name on one level of the topics.</summary>
/// <param name="Name">The name; it may be empty.</param>
/// <param name="Topic">The topic that ends with it; null when there is none in use.</param>
/// <param name="Below">How many topics there are below it, however deep.</param>
internal sealed record TopicChild(string Name, TopicInfo? Topic, int Below);
