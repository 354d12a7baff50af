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
    private readonly byte[] _filter;
    private readonly byte[][] _levels;
    private readonly bool _endsWithHash;
    private readonly long _upTo;
    private readonly bool _findsHidden;
    private RetainedNode? _at;
    private int _depth;
    private bool _isLeaving;
    private RetainedNode? _passing;

    /// <param name="root">The node above the first level.</param>
    /// <param name="filter">A valid filter.</param>
    /// <param name="upTo">The last number that is included, in the order of retained messages and subscriptions.</param>
    /// <param name="findsHidden">Whether a wildcard at the beginning matches topics that begin with $, which no client's does.</param>
    public RetainedCursor(RetainedNode root, byte[] filter, long upTo, bool findsHidden = false)
    {
        _findsHidden = findsHidden;
        _at = root;
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

    /// <summary>The node of the message that <see cref="Next"/> returned last; null before the first one.</summary>
    public RetainedNode? Found { get; private set; }

    /// <summary>Goes on to the next match.</summary>
    /// <param name="now">A timestamp: messages that have expired do not match.</param>
    /// <param name="steps">How many nodes may be looked at; those that were are subtracted.</param>
    /// <returns>Null at the end, and when there are no steps left.</returns>
    public StoredMessage? Next(long now, ref int steps)
    {
        while (_at is { } node && steps > 0)
        {
            if (_isLeaving)
            {
                Leave(node, ref steps);
                continue;
            }

            steps--;
            var matches = Includes(_depth) && !IsHidden(node);
            Enter(node, ref steps);
            if (matches && node.Message is { } message && Includes(message, now))
            {
                Found = node;
                return message;
            }
        }

        return null;
    }

    /// <summary>Whether <see cref="Next"/> has still to come to a message.</summary>
    /// <param name="node">Its node.</param>
    /// <param name="message">The message.</param>
    /// <param name="now">A timestamp.</param>
    public bool IsAhead(RetainedNode node, StoredMessage message, long now) =>
        _at is { } at && TopicFilter.Matches(_filter, message.Topic.Utf8) && Includes(message, now) && IsAhead(node, at);

    private bool Includes(StoredMessage message, long now) => message.RetainedPlace <= _upTo && !message.IsExpired(now);

    /// <summary>Whether a node comes after the place of the search, in its order.</summary>
    private bool IsAhead(RetainedNode node, RetainedNode at)
    {
        var (depth, atDepth) = (DepthOf(node), DepthOf(at));
        var (left, right) = (Above(node, depth - atDepth), Above(at, atDepth - depth));
        if (ReferenceEquals(left, right))
        {
            return !_isLeaving && depth >= atDepth;
        }

        while (!ReferenceEquals(left.Parent, right.Parent))
        {
            (left, right) = (left.Parent!, right.Parent!);
        }

        return left.Order > right.Order;
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

    /// <summary>Goes on, in depth, from a node that was looked at. Every node before it has matched so far.</summary>
    /// <remarks>Neither recursive nor with a stack, because clients decide how deep topics are.</remarks>
    private void Enter(RetainedNode node, ref int steps)
    {
        if (!IsHidden(node) && FirstBelow(node) is { } below)
        {
            _at = below;
            _depth++;
            return;
        }

        _isLeaving = true;
        Leave(node, ref steps);
    }

    /// <summary>Goes on from a node below which there is nothing more to look at. Stops there when there are no steps left.</summary>
    private void Leave(RetainedNode node, ref int steps)
    {
        for (; node.Parent is { } parent; node = parent, _depth--)
        {
            if (!IsWildcard(_depth - 1))
            {
                continue;
            }

            if (!TryFindNext(node, ref steps, out var next))
            {
                _at = node;
                return;
            }

            if (next is not null)
            {
                (_at, _isLeaving) = (next, false);
                return;
            }
        }

        _at = null;
    }

    /// <summary>
    /// Finds the next child of a node's parent. If the node was removed meanwhile, these are passed from the oldest on; that takes a step
    /// for each, because there may be many, and goes on later.
    /// </summary>
    /// <returns>False when there are no steps left.</returns>
    private bool TryFindNext(RetainedNode node, ref int steps, out RetainedNode? next)
    {
        next = _passing ?? node.Next;
        _passing = null;
        for (; next is not null && next.Order <= node.Order; next = next.Next)
        {
            if (steps == 0)
            {
                _passing = next;
                return false;
            }

            steps--;
        }

        return true;
    }

    private RetainedNode? FirstBelow(RetainedNode node) =>
        IsWildcard(_depth) ? node.Oldest : _depth < _levels.Length ? node.Child(_levels[_depth]) : null;

    private bool IsWildcard(int level) => level < _levels.Length ? _levels[level] is [(byte)'+'] : _endsWithHash;

    /// <summary>Wildcards in the first level do not match the server's own topics [MQTT-4.7.2-1].</summary>
    private bool IsHidden(RetainedNode node) => !_findsHidden && _depth == 1 && IsWildcard(0) && TopicName.IsSystem(node.Level);
}
