using System.Collections.Concurrent;
using Cassini.Streams.Broker.Model;

namespace Cassini.Streams.Broker.Routing;

/// <summary>
/// One level of a topic that has a retained message, here or below. One thread at a time changes the nodes. Any number of threads read
/// them meanwhile; each sees every message that was there before it began and is still there.
/// </summary>
/// <remarks>
/// The children are found by their level, and walked through from the oldest to the newest: so their messages are read in the order in
/// which they lie in memory, which is several times faster than the order of a hash table. A reader may stay at a node for as long as it
/// likes, also when that is removed: its place among its siblings is found again by its <see cref="Order"/>. So a node that was removed
/// holds no other node but its parents.
/// </remarks>
internal sealed class RetainedNode(RetainedNode? parent, byte[] level, long order)
{
    private ConcurrentDictionary<byte[], RetainedNode>? _children;
    private StoredMessage? _message;
    private RetainedNode? _oldest;
    private RetainedNode? _newest;
    private RetainedNode? _previous;
    private RetainedNode? _next;
    private long _added;
    private bool _isRemoved;

    public RetainedNode? Parent { get; } = parent;

    public byte[] Level { get; } = level;

    /// <summary>1, 2, 3 … in the order in which the children of its parent were added.</summary>
    public long Order { get; } = order;

    public StoredMessage? Message
    {
        get => Volatile.Read(ref _message);
        set => Volatile.Write(ref _message, value);
    }

    /// <summary>When <see cref="Message"/> was set, in a fleet. Only for the thread that changes the nodes.</summary>
    public RetainedStamp Stamp { get; set; }

    /// <summary>Whether the node can be removed. Only for the thread that changes the nodes.</summary>
    public bool IsEmpty => Message is null && _oldest is null;

    /// <summary>The oldest child; null when there is none.</summary>
    public RetainedNode? Oldest => Volatile.Read(ref _oldest);

    /// <summary>
    /// The child of the same parent that was added after this one; null when this is the newest. A node that was removed has lost its
    /// place: after it comes the oldest child, and once more those up to its <see cref="Order"/>.
    /// </summary>
    public RetainedNode? Next => Volatile.Read(ref _next) ?? (Volatile.Read(ref _isRemoved) ? Parent!.Oldest : null);

    public RetainedNode? Child(ReadOnlySpan<byte> level) =>
        Volatile.Read(ref _children)?.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(level, out var child) is true ? child : null;

    public RetainedNode GetOrAdd(ReadOnlySpan<byte> level)
    {
        if (Child(level) is { } known)
        {
            return known;
        }

        var child = new RetainedNode(this, level.ToArray(), ++_added) { _previous = _newest };
        var children = _children ?? new ConcurrentDictionary<byte[], RetainedNode>(concurrencyLevel: 1, capacity: 1, TopicBytes.Comparer);
        children[child.Level] = child;
        Volatile.Write(ref _children, children);
        Volatile.Write(ref _newest is null ? ref _oldest : ref _newest._next, child);
        _newest = child;
        return child;
    }

    public void Remove(RetainedNode child)
    {
        _children!.TryRemove(child.Level, out _);

        // First: a reader that finds no node after it asks whether this is why.
        Volatile.Write(ref child._isRemoved, true);
        Volatile.Write(ref child._previous is null ? ref _oldest : ref child._previous._next, child._next);
        if (child._next is null)
        {
            _newest = child._previous;
        }
        else
        {
            child._next._previous = child._previous;
        }

        // A reader that stays at it must not keep all that were ever added after it.
        Volatile.Write(ref child._next, null);
        child._previous = null;
        if (_oldest is null)
        {
            Volatile.Write(ref _children, null);
        }
    }
}
