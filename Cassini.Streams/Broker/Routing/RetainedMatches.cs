using System.Collections;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Broker.Routing;

/// <summary>
/// The retained messages whose topics match a filter. The search runs while they are enumerated, without a lock: it may or may not
/// return a message that is replaced or removed meanwhile.
/// </summary>
internal sealed class RetainedMatches : IEnumerable<StoredMessage>
{
    private readonly RetainedNode _root;
    private readonly byte[][] _levels;
    private readonly bool _endsWithHash;
    private readonly long _upTo;
    private readonly TimeProvider _time;

    /// <param name="root">The node above the first level.</param>
    /// <param name="filter">A valid filter.</param>
    /// <param name="upTo">The last number that is included, in the order of retained messages and subscriptions.</param>
    /// <param name="time">The clock: messages that have expired do not match.</param>
    public RetainedMatches(RetainedNode root, ReadOnlySpan<byte> filter, long upTo, TimeProvider time)
    {
        _root = root;
        _upTo = upTo;
        _time = time;
        var levels = new List<byte[]>();
        for (var isLast = false; !isLast;)
        {
            var level = TopicFilter.NextLevel(ref filter, out isLast);
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

    public IEnumerator<StoredMessage> GetEnumerator()
    {
        var now = _time.GetTimestamp();
        var depth = 0;
        for (var node = _root; node is not null; node = Following(node, ref depth))
        {
            if (Includes(depth) && node.Message is { } message && message.RetainedPlace <= _upTo && !message.IsExpired(now))
            {
                yield return message;
            }
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

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
