using Cassini.Streams.Broker.Model;

namespace Cassini.Streams.Broker.Routing;

/// <summary>
/// One level of the subscription tree. Written under the tree's lock, and read by any thread without a lock: the children are in an
/// open-addressing table that only grows in place or is replaced as a whole.
/// </summary>
internal sealed class TopicNode(byte[] level, TopicNode? parent)
{
    private const int FirstTable = 2;

    private static readonly TopicNode Removed = new([], null);

    private TopicNode?[]? _children;
    private int _used;
    private int _live;
    private object? _subscriptions;
    private NodeList<Subscription>? _below;
    private SharedGroups? _groups;
    private SharedGroups? _groupsBelow;
    private TopicNode? _any;

    public byte[] Level { get; } = level;

    public TopicNode? Parent { get; } = parent;

    /// <summary>The child for the level <c>+</c>.</summary>
    public TopicNode? Any => Volatile.Read(ref _any);

    public bool IsEmpty =>
        _live == 0 && _any is null && _subscriptions is null && _below is null && _groups is null && _groupsBelow is null;

    public TopicNode? Child(ReadOnlySpan<byte> level)
    {
        if (Volatile.Read(ref _children) is not { } children)
        {
            return null;
        }

        for (var at = LevelHash.Of(level); ; at++)
        {
            if (Volatile.Read(ref children[at & (children.Length - 1)]) is not { } child)
            {
                return null;
            }

            if (child.Level.AsSpan().SequenceEqual(level) && !ReferenceEquals(child, Removed))
            {
                return child;
            }
        }
    }

    public TopicNode GetOrAdd(ReadOnlySpan<byte> level)
    {
        if (level is [(byte)'+'])
        {
            if (_any is null)
            {
                Volatile.Write(ref _any, new TopicNode(level.ToArray(), this));
            }

            return _any;
        }

        if (Child(level) is { } child)
        {
            return child;
        }

        child = new TopicNode(level.ToArray(), this);
        Insert(child);
        return child;
    }

    public void Remove(TopicNode child)
    {
        if (ReferenceEquals(child, _any))
        {
            Volatile.Write(ref _any, null);
            return;
        }

        for (var at = LevelHash.Of(child.Level); ; at++)
        {
            ref var place = ref _children![at & (_children.Length - 1)];
            if (ReferenceEquals(place, child))
            {
                Volatile.Write(ref place, Removed);
                _live--;
                break;
            }
        }

        if (_live == 0)
        {
            Volatile.Write(ref _children, null);
            _used = 0;
        }
    }

    /// <param name="subscription">The subscription, whose filter ends here.</param>
    /// <param name="below">Whether its filter ends with <c>#</c>.</param>
    public void Add(Subscription subscription, bool below)
    {
        if (below)
        {
            if (_below is null)
            {
                Volatile.Write(ref _below, new NodeList<Subscription>());
            }

            _below!.Add(subscription);
        }
        else if (_subscriptions is null)
        {
            // Most nodes have one subscription: it needs no list.
            Volatile.Write(ref _subscriptions, subscription);
        }
        else if (_subscriptions is NodeList<Subscription> list)
        {
            list.Add(subscription);
        }
        else
        {
            list = new NodeList<Subscription>();
            list.Add((Subscription)_subscriptions);
            list.Add(subscription);
            Volatile.Write(ref _subscriptions, list);
        }
    }

    public void Remove(Subscription subscription, bool below)
    {
        if (below)
        {
            _below!.Remove(subscription);
            if (_below.Count == 0)
            {
                Volatile.Write(ref _below, null);
            }
        }
        else if (_subscriptions is NodeList<Subscription> { Count: > 1 } list)
        {
            list.Remove(subscription);
        }
        else
        {
            Volatile.Write(ref _subscriptions, null);
        }
    }

    public SharedGroup? FindGroup(string name, bool below) => (below ? _groupsBelow : _groups)?.Find(name);

    public void AddGroup(SharedGroup group, bool below)
    {
        ref var groups = ref below ? ref _groupsBelow : ref _groups;
        if (groups is null)
        {
            Volatile.Write(ref groups, new SharedGroups());
        }

        groups.Add(group);
    }

    public void RemoveGroup(SharedGroup group, bool below)
    {
        ref var groups = ref below ? ref _groupsBelow : ref _groups;
        groups!.Remove(group);
        if (groups.IsEmpty)
        {
            Volatile.Write(ref groups, null);
        }
    }

    public void CopyTo(Matches matches)
    {
        switch (Volatile.Read(ref _subscriptions))
        {
            case Subscription single:
                matches.Subscriptions.Add(single);
                break;
            case NodeList<Subscription> list:
                list.CopyTo(matches.Subscriptions);
                break;
        }

        Volatile.Read(ref _groups)?.CopyTo(matches.Groups);
    }

    /// <summary>The subscriptions whose filters end here with <c>#</c>.</summary>
    public void CopyBelowTo(Matches matches)
    {
        Volatile.Read(ref _below)?.CopyTo(matches.Subscriptions);
        Volatile.Read(ref _groupsBelow)?.CopyTo(matches.Groups);
    }

    private void Insert(TopicNode child)
    {
        // At most half full, so that a search ends soon.
        if (_children is null || (_used + 1) * 2 > _children.Length)
        {
            Rebuild();
        }

        _used += Put(_children!, child);
        _live++;
    }

    private void Rebuild()
    {
        var size = FirstTable;
        while (size < (_live + 1) * 4)
        {
            size *= 2;
        }

        var table = new TopicNode?[size];
        foreach (var child in _children ?? [])
        {
            if (child is not null && !ReferenceEquals(child, Removed))
            {
                Put(table, child);
            }
        }

        Volatile.Write(ref _children, table);
        _used = _live;
    }

    private static int Put(TopicNode?[] table, TopicNode child)
    {
        for (var at = LevelHash.Of(child.Level); ; at++)
        {
            ref var place = ref table[at & (table.Length - 1)];
            if (place is null)
            {
                Volatile.Write(ref place, child);
                return 1;
            }
        }
    }
}
