using System.Collections.Immutable;
using Cassini.Streams.Events;

namespace Cassini.Streams.Health.Facts;

/// <summary>How many topics there are, and some of their names: bounded, because clients choose the names.</summary>
internal sealed record TopicFacts
{
    private const int NamesKept = 1_000;

    public static readonly TopicFacts None = new();

    public long Count { get; init; }

    public ImmutableSortedSet<string> Names { get; init; } = ImmutableSortedSet.Create<string>(StringComparer.Ordinal);

    public TopicFacts Apply(BrokerEvent happened) => happened switch
    {
        TopicCreated e => new TopicFacts { Count = Count + 1, Names = Names.Count < NamesKept ? Names.Add(e.Topic) : Names },
        TopicRemoved e => new TopicFacts { Count = Math.Max(0, Count - 1), Names = Names.Remove(e.Topic) },

        // Not every topic has events, so the sampled count is exact, and events only adjust it until the next sample.
        LoadSampled { Topics: { } sampled } when sampled != Count => this with { Count = sampled },
        _ => this,
    };
}
