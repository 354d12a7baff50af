using System.Collections.Concurrent;
using Cassini.Streams.Broker.Model;

namespace Cassini.Streams.Broker.Routing;

/// <summary>
/// One level of a topic that has a retained message, here or below. One thread at a time changes the nodes. Any number of threads read
/// them meanwhile; each sees every message that was there before it began and is still there.
/// </summary>
internal sealed class RetainedNode(RetainedNode? parent, byte[] level)
{
    private ConcurrentDictionary<byte[], RetainedNode>? _children;
    private StoredMessage? _message;
    private int _count;

    public RetainedNode? Parent { get; } = parent;

    public byte[] Level { get; } = level;

    public StoredMessage? Message
    {
        get => Volatile.Read(ref _message);
        set => Volatile.Write(ref _message, value);
    }

    /// <summary>Whether the node can be removed. Only for the thread that changes the nodes.</summary>
    public bool IsEmpty => Message is null && _count == 0;

    public IEnumerable<KeyValuePair<byte[], RetainedNode>> Children => Volatile.Read(ref _children) ?? [];

    public RetainedNode? Child(ReadOnlySpan<byte> level) =>
        Volatile.Read(ref _children)?.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(level, out var child) is true ? child : null;

    public RetainedNode GetOrAdd(ReadOnlySpan<byte> level)
    {
        if (Child(level) is { } known)
        {
            return known;
        }

        var child = new RetainedNode(this, level.ToArray());
        var children = _children ?? new ConcurrentDictionary<byte[], RetainedNode>(concurrencyLevel: 1, capacity: 1, TopicBytes.Comparer);
        children[child.Level] = child;
        Volatile.Write(ref _children, children);
        _count++;
        return child;
    }

    public void Remove(RetainedNode child)
    {
        _children!.TryRemove(child.Level, out _);
        if (--_count == 0)
        {
            Volatile.Write(ref _children, null);
        }
    }
}
