using System.Collections.Immutable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Broker.Routing;

/// <summary>One level of the topics as a tree: the next names below some levels, in the order of their bytes.</summary>
/// <param name="Topics">How many topics there are below these levels, however deep.</param>
/// <param name="HasMore">Whether there are names after the last of these.</param>
/// <param name="Children">The names.</param>
internal sealed record TopicLevel(int Topics, bool HasMore, ImmutableArray<TopicChild> Children)
{
    private static readonly Comparer<byte[]> ByBytes = Comparer<byte[]>.Create((left, right) => left.AsSpan().SequenceCompareTo(right));

    /// <summary>
    /// Looks at each topic once. Only as many names as are asked for are remembered and sorted, however many there are: one that is among
    /// the first in the end was so all the time, and so all topics below it were counted.
    /// </summary>
    /// <param name="topics">The topics.</param>
    /// <param name="under">The levels above; null for the first level.</param>
    /// <param name="after">The name after which it begins; null for the first.</param>
    /// <param name="limit">How many names are returned at most.</param>
    /// <param name="describe">Describes a topic; only for those that are returned.</param>
    public static TopicLevel Of(IEnumerable<Topic> topics, string? under, string? after, int limit, Func<Topic, TopicInfo> describe)
    {
        var prefix = under is null ? [] : MqttText.Encode(under + "/");
        var start = after is null ? null : MqttText.Encode(after);
        var first = new SortedSet<byte[]>(ByBytes);
        var byName = new Dictionary<byte[], Found>(TopicBytes.Comparer);
        var lookup = byName.GetAlternateLookup<ReadOnlySpan<byte>>();
        var (count, hasMore) = (0, false);
        byte[]? last = null;
        foreach (var topic in topics)
        {
            if (!topic.Utf8.AsSpan().StartsWith(prefix))
            {
                continue;
            }

            count++;
            var rest = topic.Utf8.AsSpan(prefix.Length);
            var slash = rest.IndexOf(TopicName.Separator);
            var name = slash < 0 ? rest : rest[..slash];
            if (start is not null && name.SequenceCompareTo(start) <= 0)
            {
                continue;
            }

            if (!lookup.TryGetValue(name, out var child))
            {
                if (last is not null && name.SequenceCompareTo(last) > 0)
                {
                    hasMore = true;
                    continue;
                }

                child = new Found(name.ToArray());
                first.Add(child.Name);
                byName.Add(child.Name, child);
                if (first.Count > limit)
                {
                    hasMore = true;
                    first.Remove(last!);
                    byName.Remove(last!);
                }

                last = first.Count == limit ? first.Max : null;
            }

            child.Add(topic, isBelow: slash >= 0);
        }

        return new TopicLevel(count, hasMore, [.. first.Select(name => byName[name].Describe(describe))]);
    }

    private sealed class Found(byte[] name)
    {
        private Topic? _topic;
        private int _below;

        public byte[] Name => name;

        public void Add(Topic topic, bool isBelow)
        {
            if (isBelow)
            {
                _below++;
            }
            else
            {
                _topic = topic;
            }
        }

        public TopicChild Describe(Func<Topic, TopicInfo> describe) =>
            new(MqttText.Decode(name), _topic is null ? null : describe(_topic), _below);
    }
}

/// <summary>A name on one level of the topics.</summary>
/// <param name="Name">The name; it may be empty.</param>
/// <param name="Topic">The topic that ends with it; null when there is none in use.</param>
/// <param name="Below">How many topics there are below it, however deep.</param>
internal sealed record TopicChild(string Name, TopicInfo? Topic, int Below);
