using System.Collections;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Broker.Routing;

/// <summary>
/// The retained messages whose topics match a filter, in no order. The search runs while they are enumerated, without a lock: it may or
/// may not return a message that is replaced or removed meanwhile.
/// </summary>
/// <param name="root">The node above the first level.</param>
/// <param name="filter">A valid filter.</param>
/// <param name="upTo">The last number that is included, in the order of retained messages and subscriptions.</param>
/// <param name="time">The clock: messages that have expired do not match.</param>
internal sealed class RetainedMatches(RetainedNode root, byte[] filter, long upTo, TimeProvider time) : IEnumerable<StoredMessage>
{
    /// <summary>In place of a level's index: the node and everything below it match.</summary>
    private const int Everything = -1;

    private readonly byte[][] _levels = Split(filter);

    public IEnumerator<StoredMessage> GetEnumerator()
    {
        var now = time.GetTimestamp();

        // Not recursive, because clients decide how deep topics are, and a deep one would overflow the stack.
        var open = new Stack<(RetainedNode Node, int Level)>([(root, 0)]);
        while (open.TryPop(out var next))
        {
            var (node, level) = next;
            if (Includes(level) && node.Message is { } message && message.RetainedPlace <= upTo && !message.IsExpired(now))
            {
                yield return message;
            }

            PushChildren(node, level, open);
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private static bool IsHash(byte[] level) => level is [(byte)'#'];

    private static byte[][] Split(ReadOnlySpan<byte> filter)
    {
        var levels = new List<byte[]>();
        for (var isLast = false; !isLast;)
        {
            levels.Add(TopicFilter.NextLevel(ref filter, out isLast).ToArray());
        }

        return [.. levels];
    }

    /// <summary>Whether the node itself matches. "sport/#" also matches "sport" (§4.7.1.2).</summary>
    private bool Includes(int level) => level == Everything || level == _levels.Length || (level > 0 && IsHash(_levels[level]));

    private void PushChildren(RetainedNode node, int level, Stack<(RetainedNode Node, int Level)> open)
    {
        if (level == _levels.Length)
        {
            return;
        }

        var isHash = level == Everything || IsHash(_levels[level]);
        if (!isHash && _levels[level] is not [(byte)'+'])
        {
            if (node.Child(_levels[level]) is { } child)
            {
                open.Push((child, level + 1));
            }

            return;
        }

        foreach (var (name, child) in node.Children)
        {
            // Wildcards in the first level do not match the server's own topics [MQTT-4.7.2-1].
            if (level != 0 || !TopicName.IsSystem(name))
            {
                open.Push((child, isHash ? Everything : level + 1));
            }
        }
    }
}
