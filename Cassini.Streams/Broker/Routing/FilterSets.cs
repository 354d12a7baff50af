using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Broker.Routing;

/// <summary>Topic filters as sets of topics. A wildcard in the first level matches no topic that begins with <c>$</c>.</summary>
internal static class FilterSets
{
    /// <summary>Whether every topic that matches <paramref name="inner"/> matches <paramref name="outer"/>.</summary>
    public static bool Covers(ReadOnlySpan<byte> outer, ReadOnlySpan<byte> inner)
    {
        if (inner[0] == '$' && IsWildcard(outer[0]))
        {
            return false;
        }

        var isFirst = true;
        var isEmpty = true;
        while (true)
        {
            var a = TopicFilter.NextLevel(ref outer, out var outerEnds);
            if (a is [(byte)'#'])
            {
                return true;
            }

            var b = TopicFilter.NextLevel(ref inner, out var innerEnds);
            if (b is [(byte)'#'])
            {
                // Topics of any depth cannot all match a filter of one depth. But the parent level, if it is empty, is not a topic.
                return isEmpty && a is [(byte)'+'] && outer.SequenceEqual("#"u8);
            }

            isEmpty = isFirst && b.IsEmpty;
            isFirst = false;

            if (a is not [(byte)'+'] && !a.SequenceEqual(b))
            {
                return false;
            }

            if (outerEnds || innerEnds)
            {
                // "a/#" also covers "a".
                return outerEnds == innerEnds || (innerEnds && outer.SequenceEqual("#"u8));
            }
        }
    }

    /// <summary>Whether there is a topic that matches both.</summary>
    public static bool Intersect(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        if ((left[0] == '$' && IsWildcard(right[0])) || (right[0] == '$' && IsWildcard(left[0])))
        {
            return false;
        }

        var isFirst = true;
        while (true)
        {
            var a = TopicFilter.NextLevel(ref left, out var leftEnds);
            var b = TopicFilter.NextLevel(ref right, out var rightEnds);
            if (a is [(byte)'#'] || b is [(byte)'#'])
            {
                return true;
            }

            if (a is not [(byte)'+'] && b is not [(byte)'+'] && !a.SequenceEqual(b))
            {
                return false;
            }

            if (leftEnds || rightEnds)
            {
                // "/#" also matches its parent level; at the beginning that is empty, which is not a topic.
                var isEmpty = isFirst && (a.IsEmpty || b.IsEmpty);
                return leftEnds == rightEnds || (!isEmpty && (leftEnds ? right : left).SequenceEqual("#"u8));
            }

            isFirst = false;
        }
    }

    private static bool IsWildcard(byte first) => first is (byte)'+' or (byte)'#';
}
