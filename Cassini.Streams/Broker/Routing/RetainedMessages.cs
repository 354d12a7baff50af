using Cassini.Streams.Broker.Model;
using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Broker.Routing;

/// <summary>The retained message of each topic (MQTT 5.0 §3.3.1.3). Thread-safe.</summary>
internal sealed class RetainedMessages(BrokerOptions options, MemoryBudget budget, IBrokerStore store, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly Node _root = new(null, []);
    private int _count;
    private long _bytes;

    /// <summary>Topics with a retained message, the broker's own left out.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Keeps a message for its topic in place of the one before, or none if its payload is empty [MQTT-3.3.1-6].</summary>
    /// <returns>False when there is no room for one more topic.</returns>
    public bool Set(StoredMessage message)
    {
        lock (_lock)
        {
            var node = Find(message.Topic.Utf8, create: message.Payload.Length > 0);
            if (message.Payload.Length == 0)
            {
                Remove(node);
                return true;
            }

            if (!message.Topic.IsSystem && !HasRoom(node!, message))
            {
                Prune(node!);
                return false;
            }

            Replace(node!, message);
            if (!message.Topic.IsSystem)
            {
                store.PutRetained(message);
            }

            return true;
        }
    }

    /// <summary>Puts one back that the store kept. Before the first connection.</summary>
    public void Restore(StoredMessage message)
    {
        lock (_lock)
        {
            Replace(Find(message.Topic.Utf8, create: true)!, message);
        }
    }

    public StoredMessage? Get(ReadOnlySpan<byte> topic)
    {
        lock (_lock)
        {
            return Find(topic, create: false)?.Message;
        }
    }

    /// <summary>The retained messages whose topics match.</summary>
    public List<StoredMessage> Match(ReadOnlySpan<byte> filter)
    {
        var now = time.GetTimestamp();
        var found = new List<StoredMessage>();
        lock (_lock)
        {
            Collect(_root, filter, found, now, isFirst: true);
        }

        return found;
    }

    /// <summary>Calls for each retained message whose topic matches; meanwhile none changes.</summary>
    /// <param name="filter">A valid filter.</param>
    /// <param name="found">Called under the lock.</param>
    public void ForEach(ReadOnlySpan<byte> filter, Action<StoredMessage> found)
    {
        lock (_lock)
        {
            foreach (var message in Match(filter))
            {
                found(message);
            }
        }
    }

    /// <summary>Removes what has expired.</summary>
    public void Sweep()
    {
        var now = time.GetTimestamp();
        var all = new List<StoredMessage>();
        lock (_lock)
        {
            CollectAll(_root, all, long.MinValue);
        }

        foreach (var message in all.Where(message => message.IsExpired(now)))
        {
            lock (_lock)
            {
                if (Find(message.Topic.Utf8, create: false) is { } node && node.Message == message)
                {
                    Remove(node);
                }
            }
        }
    }

    private Node? Find(ReadOnlySpan<byte> topic, bool create)
    {
        var node = _root;
        for (var isLast = false; !isLast && node is not null;)
        {
            var level = TopicFilter.NextLevel(ref topic, out isLast);
            node = node.Child(level, create);
        }

        return node;
    }

    /// <summary>Retained messages may take half of the memory: they stay, and others come and go.</summary>
    private bool HasRoom(Node node, StoredMessage message) =>
        (node.Message is not null || _count < options.MaxRetained)
        && _bytes + CostOf(message) - (node.Message is { } kept ? CostOf(kept) : 0) <= budget.Limit / 2;

    private static int CostOf(StoredMessage message) => message.Size + NodeCost(message);

    /// <summary>Its topic, and a node for each level that nobody else may need.</summary>
    private static int NodeCost(StoredMessage message) => 200 + (2 * message.Topic.Utf8.Length) + (200 * TopicName.Levels(message.Topic.Utf8));

    private void Replace(Node node, StoredMessage message)
    {
        message.Hold(budget);
        _bytes += CostOf(message) - (node.Message is { } kept ? CostOf(kept) : 0);
        budget.Take(NodeCost(message));
        if (node.Message is { } before)
        {
            before.Release(budget);
            budget.Return(NodeCost(before));
        }
        else if (!message.Topic.IsSystem)
        {
            _count++;
        }

        node.Message = message;
    }

    private void Remove(Node? node)
    {
        if (node?.Message is { } message)
        {
            message.Release(budget);
            _bytes -= CostOf(message);
            budget.Return(NodeCost(message));
            node.Message = null;
            _count -= message.Topic.IsSystem ? 0 : 1;
            store.DeleteRetained(message.Topic.Name);
            Prune(node);
        }
    }

    private static void Prune(Node node)
    {
        while (node is { IsEmpty: true, Parent: { } parent })
        {
            parent.Remove(node);
            node = parent;
        }
    }

    private static void Collect(Node node, ReadOnlySpan<byte> levels, List<StoredMessage> found, long now, bool isFirst)
    {
        var level = TopicFilter.NextLevel(ref levels, out var isLast);
        if (level is [(byte)'#'])
        {
            if (!isFirst)
            {
                Take(node, found, now);
            }

            foreach (var child in node.Children)
            {
                if (!isFirst || !TopicName.IsSystem(child.Level))
                {
                    Take(child, found, now);
                    CollectAll(child, found, now, includeSelf: false);
                }
            }

            return;
        }

        if (level is [(byte)'+'])
        {
            foreach (var child in node.Children)
            {
                if (!isFirst || !TopicName.IsSystem(child.Level))
                {
                    Enter(child, levels, isLast, found, now);
                }
            }
        }
        else if (node.Child(level, create: false) is { } child)
        {
            Enter(child, levels, isLast, found, now);
        }
    }

    private static void Enter(Node node, ReadOnlySpan<byte> levels, bool isLast, List<StoredMessage> found, long now)
    {
        if (isLast)
        {
            Take(node, found, now);
        }
        else
        {
            Collect(node, levels, found, now, isFirst: false);
        }
    }

    private static void CollectAll(Node node, List<StoredMessage> found, long now, bool includeSelf = true)
    {
        // Not recursive: what is below is as deep as clients made it.
        var open = new Stack<Node>(node.Children);
        if (includeSelf)
        {
            Take(node, found, now);
        }

        while (open.TryPop(out var next))
        {
            Take(next, found, now);
            foreach (var child in next.Children)
            {
                open.Push(child);
            }
        }
    }

    private static void Take(Node node, List<StoredMessage> found, long now)
    {
        if (node.Message is { } message && !message.IsExpired(now))
        {
            found.Add(message);
        }
    }

    private sealed class Node(Node? parent, byte[] level)
    {
        private Dictionary<byte[], Node>? _children;

        public Node? Parent { get; } = parent;

        public byte[] Level { get; } = level;

        public StoredMessage? Message { get; set; }

        public bool IsEmpty => Message is null && _children is null;

        public IEnumerable<Node> Children => _children?.Values ?? Enumerable.Empty<Node>();

        public Node? Child(ReadOnlySpan<byte> level, bool create)
        {
            if (_children?.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(level, out var child) is true)
            {
                return child;
            }

            if (!create)
            {
                return null;
            }

            child = new Node(this, level.ToArray());
            (_children ??= new Dictionary<byte[], Node>(TopicBytes.Comparer)).Add(child.Level, child);
            return child;
        }

        public void Remove(Node child)
        {
            _children!.Remove(child.Level);
            if (_children.Count == 0)
            {
                _children = null;
            }
        }
    }
}
