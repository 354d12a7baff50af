using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Quotas;

namespace Cassini.Streams.Broker.Routing;

/// <summary>The retained message of each topic (MQTT 5.0 §3.3.1.3). Readers take no lock. Thread-safe.</summary>
internal sealed class RetainedMessages(
    BrokerOptions options, AccountTable accounts, MemoryBudget budget, IBrokerStore store, SubscriptionTree tree, TimeProvider time)
{
    /// <summary>How many messages are removed under one lock, so that other writers need not wait long.</summary>
    private const int SweepSlice = 100;

    private const int StepsOfARemoval = 8;

    private static readonly Comparer<StoredMessage> ByExpiry = Comparer<StoredMessage>.Create(
        (left, right) => (left.ExpiresAt, left.RetainedPlace).CompareTo((right.ExpiresAt, right.RetainedPlace)));

    private readonly Lock _lock = new();
    private readonly RetainedNode _root = new(null, [], order: 0);
    private readonly SortedSet<StoredMessage> _expiring = new(ByExpiry);
    private readonly SharedResource _places = new(CapacityResource.Retained, options.MaxRetained, accounts);
    private long _bytes;

    /// <summary>Topics with a retained message, without the broker's own.</summary>
    public int Count => (int)_places.Used;

    /// <summary>About how much memory they take, in bytes. Any thread.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>How many may be retained, are, and the identity that has most of them.</summary>
    public ResourceUse Use
    {
        get
        {
            var use = _places.Use;
            var isMemoryUsedUp = use.Used > 0 && Interlocked.Read(ref _bytes) > budget.Limit / 40 * 19;
            return isMemoryUsedUp ? use with { Limit = Math.Min(use.Limit, use.Used) } : use;
        }
    }

    /// <summary>The last number that was given out in the order of retained messages and subscriptions.</summary>
    public long LastPlace => tree.LastPlace;

    /// <summary>Replaces the retained message of a topic, or removes it if the payload is empty [MQTT-3.3.1-6].</summary>
    /// <param name="message">The message.</param>
    /// <param name="publisher">The account of the identity that published it: it pays.</param>
    /// <returns>False when a limit allows no further topic.</returns>
    public bool Set(StoredMessage message, Account publisher)
    {
        lock (_lock)
        {
            if (message.Payload.Length == 0)
            {
                RemoveLocked(Find(message.Topic.Utf8));
                return true;
            }

            var node = FindOrAddLocked(message.Topic.Utf8);
            var account = accounts.Open(publisher);
            if (!message.Topic.IsSystem && !TryTakeRoomLocked(node, message, account))
            {
                accounts.Close(account);
                PruneLocked(node);
                return false;
            }

            ReplaceLocked(node, message, account);
            if (!message.Topic.IsSystem)
            {
                store.PutRetained(message, account.Identity);
            }

            return true;
        }
    }

    /// <summary>Restores a message that the store kept. Called before the first connection.</summary>
    /// <param name="message">The message.</param>
    /// <param name="identity">The identity that pays for it.</param>
    public void Restore(StoredMessage message, string identity)
    {
        lock (_lock)
        {
            var account = accounts.Open(identity);
            _places.Take(account, 1, 1);
            ReplaceLocked(FindOrAddLocked(message.Topic.Utf8), message, account);
        }
    }

    public StoredMessage? Get(ReadOnlySpan<byte> topic) => Find(topic)?.Message;

    /// <summary>The node of a topic; null when neither the topic nor one below it has a retained message.</summary>
    public RetainedNode? Find(ReadOnlySpan<byte> topic)
    {
        var node = _root;
        for (var isLast = false; !isLast && node is not null;)
        {
            node = node.Child(TopicFilter.NextLevel(ref topic, out isLast));
        }

        return node;
    }

    /// <summary>A search of the retained messages whose topics match, which may stop and go on later.</summary>
    /// <param name="filter">A valid filter.</param>
    /// <param name="upTo">The last number that is included, in the order of retained messages and subscriptions.</param>
    public RetainedCursor Search(ReadOnlySpan<byte> filter, long upTo) => new(_root, filter.ToArray(), upTo);

    /// <summary>The retained messages whose topics match. The search runs while they are enumerated.</summary>
    /// <param name="filter">A valid filter.</param>
    /// <param name="upTo">The last number that is included, in the order of retained messages and subscriptions.</param>
    public IEnumerable<StoredMessage> Match(ReadOnlySpan<byte> filter, long upTo = long.MaxValue) => Enumerate(filter.ToArray(), upTo);

    /// <summary>Removes the next matches of a search, but for the broker's own messages.</summary>
    /// <param name="search">The search; it stands behind them then.</param>
    /// <param name="most">The most that are removed.</param>
    /// <param name="steps">The most nodes that are looked at.</param>
    /// <returns>How many were removed.</returns>
    public int RemoveSome(RetainedCursor search, int most, int steps)
    {
        var removed = 0;
        var now = time.GetTimestamp();
        lock (_lock)
        {
            while (removed < most && search.Next(now, ref steps) is { } message)
            {
                if (!message.Topic.IsSystem && search.Found is { } node && node.Message == message)
                {
                    RemoveLocked(node);
                    removed++;
                }
            }
        }

        return removed;
    }

    /// <summary>A search for <see cref="RewriteSome"/>: of all messages.</summary>
    public RetainedCursor BeginRewrite() => new(_root, "#"u8.ToArray(), long.MaxValue, findsHidden: true);

    /// <summary>Writes the next messages to the store once more.</summary>
    /// <param name="search">The search; it stands behind them then.</param>
    /// <returns>How many there were; 0 at the end.</returns>
    public int RewriteSome(RetainedCursor search)
    {
        var written = 0;
        var now = time.GetTimestamp();
        lock (_lock)
        {
            for (var steps = int.MaxValue; written < SweepSlice && search.Next(now, ref steps) is { } message; written++)
            {
                // Under the lock it is still the one of its topic, unless it was removed.
                if (message is { IsRetained: true, Topic.IsSystem: false })
                {
                    store.PutRetained(message, message.Keeper!.Account.Identity);
                }
            }
        }

        return written;
    }

    /// <summary>Removes the messages that have expired.</summary>
    public async ValueTask SweepAsync()
    {
        var pieces = new Pieces(time);
        for (var now = time.GetTimestamp(); SweepOnce(now);)
        {
            await pieces.TakeAsync(SweepSlice * StepsOfARemoval).ConfigureAwait(false);
        }
    }

    private IEnumerable<StoredMessage> Enumerate(byte[] filter, long upTo)
    {
        var search = new RetainedCursor(_root, filter, upTo);
        var now = time.GetTimestamp();
        var steps = int.MaxValue;
        while (search.Next(now, ref steps) is { } message)
        {
            yield return message;
            steps = int.MaxValue;
        }
    }

    /// <returns>Whether more may have expired.</returns>
    private bool SweepOnce(long now)
    {
        lock (_lock)
        {
            for (var i = 0; i < SweepSlice; i++)
            {
                if (_expiring.Min is not { } message || !message.IsExpired(now))
                {
                    return false;
                }

                RemoveLocked(Find(message.Topic.Utf8));
            }

            return true;
        }
    }

    private RetainedNode FindOrAddLocked(ReadOnlySpan<byte> topic)
    {
        var node = _root;
        for (var isLast = false; !isLast;)
        {
            node = node.GetOrAdd(TopicFilter.NextLevel(ref topic, out isLast));
        }

        return node;
    }

    /// <summary>
    /// Takes a place. Retained messages may take only half of the memory, because they stay, and other messages need the rest.
    /// </summary>
    private bool TryTakeRoomLocked(RetainedNode node, StoredMessage message, Account account)
    {
        var before = node.Message;
        var more = CostOf(message) - (before is null ? 0 : CostOf(before));
        if (_bytes + more > budget.Limit / 2 || (more > 0 && budget.Of(account).IsClosed))
        {
            return false;
        }

        if (before?.Keeper?.Account == account)
        {
            return true;
        }

        // One that replaces another takes its place.
        if (_places.TryTake(account, own: 1, added: before is null ? 1 : 0) != QuotaVerdict.Taken)
        {
            return false;
        }

        if (before is not null)
        {
            _places.Return(before.Keeper!.Account, own: 1, added: 0);
        }

        return true;
    }

    private static int CostOf(StoredMessage message) => message.Size + NodeCost(message);

    /// <summary>The cost of its topic and of a node for each level, as if no other topic shared them.</summary>
    private static int NodeCost(StoredMessage message) =>
        200 + (2 * message.Topic.Utf8.Length) + (200 * TopicName.Levels(message.Topic.Utf8));

    private void ReplaceLocked(RetainedNode node, StoredMessage message, Account account)
    {
        var memory = budget.Of(account);
        message.Keeper = memory;
        message.Hold(memory, NodeCost(message));
        _bytes += CostOf(message);
        var before = node.Message;
        message.IsRetained = true;
        node.Message = message;

        // Numbered only after it can be found: so a subscription with a later number finds it.
        tree.TakePlace(message);
        if (message.ExpiresAt is not null)
        {
            _expiring.Add(message);
        }

        if (before is not null)
        {
            ForgetLocked(before);
        }
    }

    private void RemoveLocked(RetainedNode? node)
    {
        if (node?.Message is { } message)
        {
            node.Message = null;
            if (!message.Topic.IsSystem)
            {
                _places.Return(message.Keeper!.Account, 1, 1);
                store.DeleteRetained(message.Topic);
            }

            ForgetLocked(message);
            PruneLocked(node);
        }
    }

    private void ForgetLocked(StoredMessage message)
    {
        var memory = message.Keeper!;
        message.IsRetained = false;
        message.Release(memory, NodeCost(message));
        accounts.Close(memory.Account);
        _bytes -= CostOf(message);
        if (message.ExpiresAt is not null)
        {
            _expiring.Remove(message);
        }
    }

    private static void PruneLocked(RetainedNode node)
    {
        while (node is { IsEmpty: true, Parent: { } parent })
        {
            parent.Remove(node);
            node = parent;
        }
    }
}
