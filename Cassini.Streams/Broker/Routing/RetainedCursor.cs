using Cassini.Streams.Broker.Model;
using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Broker.Routing;

/// <summary>
/// A search of the retained messages whose topics match a filter, which stops after a bounded number of steps and goes on later. It takes
/// no lock and keeps no message. It may or may not return a message that is replaced or removed before it comes to it. One thread at a
/// time.
/// </summary>
internal sealed class RetainedCursor
{
    private readonly RetainedNode _root;
    private readonly byte[] _filter;
    private readonly byte[][] _levels;
    private readonly bool _endsWithHash;
    private readonly long _upTo;
    private RetainedNode? _at;
    private int _depth;

    /// <param name="root">The node above the first level.</param>
    /// <param name="filter">A valid filter.</param>
    /// <param name="upTo">The last number that is included, in the order of retained messages and subscriptions.</param>
    public RetainedCursor(RetainedNode root, byte[] filter, long upTo)
    {
        _root = _at = root;
        _filter = filter;
        _upTo = upTo;
        var levels = new List<byte[]>();
        ReadOnlySpan<byte> rest = filter;
        for (var isLast = false; !isLast;)
        {
            var level = TopicFilter.NextLevel(ref rest, out isLast);
            if (level is [(byte)'#'])
            {
                _endsWithHash = true;
            }
            else
            {
                levels.Add(level.ToArray());
            }
        }

        _levels = [.. levels];
    }

    /// <summary>Whether there is nothing more to find.</summary>
    public bool IsAtEnd => _at is null;

    /// <summary>Goes on to the next match.</summary>
    /// <param name="now">A timestamp: messages that have expired do not match.</param>
    /// <param name="steps">How many nodes may be looked at; those that were are subtracted.</param>
    /// <returns>Null at the end, and when there are no steps left.</returns>
    public StoredMessage? Next(long now, ref int steps)
    {
        while (_at is { } node && steps > 0)
        {
            steps--;
            var matches = Includes(_depth);
            _at = Following(node, ref _depth);
            if (matches && node.Message is { } message && Includes(message, now))
            {
                return message;
            }
        }

        return null;
    }

    /// <summary>The message of a topic, if it is one that <see cref="Next"/> has still to come to; null if not.</summary>
    public StoredMessage? Ahead(ReadOnlySpan<byte> topic, long now) =>
        _at is { } at && TopicFilter.Matches(_filter, topic) && Find(topic) is { Message: { } message } node && Includes(message, now)
            && !Precedes(node, at)
            ? message
            : null;

    private bool Includes(StoredMessage message, long now) => message.RetainedPlace <= _upTo && !message.IsExpired(now);

    private RetainedNode? Find(ReadOnlySpan<byte> topic)
    {
        var node = _root;
        for (var isLast = false; !isLast && node is not null;)
        {
            node = node.Child(TopicFilter.NextLevel(ref topic, out isLast));
        }

        return node;
    }

    /// <summary>Whether the search comes to one node before it comes to another.</summary>
    private static bool Precedes(RetainedNode one, RetainedNode other)
    {
        var (depth, otherDepth) = (DepthOf(one), DepthOf(other));
        var (left, right) = (Above(one, depth - otherDepth), Above(other, otherDepth - depth));
        if (ReferenceEquals(left, right))
        {
            return depth < otherDepth;
        }

        while (!ReferenceEquals(left.Parent, right.Parent))
        {
            (left, right) = (left.Parent!, right.Parent!);
        }

        return left.Order < right.Order;
    }

    private static int DepthOf(RetainedNode node)
    {
        var depth = 0;
        for (var above = node.Parent; above is not null; above = above.Parent)
        {
            depth++;
        }

        return depth;
    }

    private static RetainedNode Above(RetainedNode node, int levels)
    {
        for (; levels > 0; levels--)
        {
            node = node.Parent!;
        }

        return node;
    }

    /// <summary>Whether nodes of this depth match themselves. "sport/#" also matches "sport" (§4.7.1.2).</summary>
    private bool Includes(int depth) => depth == _levels.Length || (_endsWithHash && depth > _levels.Length);

    /// <summary>The next node of the search, in depth; null at the end. Every node before it has matched so far.</summary>
    /// <remarks>Neither recursive nor with a stack, because clients decide how deep topics are.</remarks>
    private RetainedNode? Following(RetainedNode node, ref int depth)
    {
        if (FirstBelow(node, depth) is { } below)
        {
            depth++;
            return below;
        }

        for (; node.Parent is { } parent; node = parent, depth--)
        {
            if (IsWildcard(depth - 1) && FirstAllowed(node.Next, depth - 1) is { } beside)
            {
                return beside;
            }
        }

        return null;
    }

    private RetainedNode? FirstBelow(RetainedNode node, int level) =>
        IsWildcard(level) ? FirstAllowed(node.Oldest, level)
        : level < _levels.Length ? node.Child(_levels[level])
        : null;

    private bool IsWildcard(int level) => level < _levels.Length ? _levels[level] is [(byte)'+'] : _endsWithHash;

    /// <summary>Wildcards in the first level do not match the server's own topics [MQTT-4.7.2-1].</summary>
    private static RetainedNode? FirstAllowed(RetainedNode? node, int level)
    {
        while (level == 0 && node is not null && TopicName.IsSystem(node.Level))
        {
            node = node.Next;
        }

        return node;
    }
}
