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
    private RetainedReplica? _replica;
    private long _bytes;

    /// <summary>Topics with a retained message, without the broker's own.</summary>
    public int Count => (int)_places.Used;

    /// <summary>About how much memory they take, in bytes. Any thread.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>About how many bytes what is known of removed messages takes in the store. Any thread.</summary>
    public long MarkBytes
    {
        get
        {
            lock (_lock)
            {
                return _replica?.Marks.Bytes ?? 0;
            }
        }
    }

    /// <summary>A number that is the same on nodes that have the same; 0 for a broker on its own. Any thread.</summary>
    public ulong Digest
    {
        get
        {
            lock (_lock)
            {
                return _replica?.Digest.OfAll ?? 0;
            }
        }
    }

    /// <summary>The same of each bucket. Any thread.</summary>
    public ulong[] BucketDigests
    {
        get
        {
            lock (_lock)
            {
                return _replica?.Digest.OfBuckets ?? new ulong[RetainedDigest.Buckets];
            }
        }
    }

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
    /// <param name="stamp">In a fleet the stamp of the change; the default otherwise, and when nothing has changed.</param>
    /// <returns>False when a limit allows no further topic.</returns>
    public bool Set(StoredMessage message, Account publisher, out RetainedStamp stamp)
    {
        lock (_lock)
        {
            stamp = message.Topic.IsSystem || _replica is null ? default : _replica.Clock.Next(StampOfLocked(message.Topic.Utf8));
            var isPut = PutLocked(message, publisher, stamp);
            stamp = isPut ? stamp : default;
            return isPut;
        }
    }

    /// <summary>The same of another node, if no later change is in force.</summary>
    /// <param name="message">The message.</param>
    /// <param name="publisher">The account of the identity that published it: it pays here too.</param>
    /// <param name="stamp">The stamp of the change.</param>
    /// <param name="place">
    /// A subscription with a higher number in the order of retained messages and subscriptions finds this message, or a newer one, among
    /// the retained ones.
    /// </param>
    public RetainedVerdict Apply(StoredMessage message, Account publisher, RetainedStamp stamp, out long place)
    {
        lock (_lock)
        {
            _replica?.Clock.Observe(stamp);
            if (message.Topic.IsSystem || IsKnownLocked(message, stamp))
            {
                place = Find(message.Topic.Utf8)?.Message?.RetainedPlace ?? long.MaxValue;
                return RetainedVerdict.Stale;
            }

            if (PutLocked(message, publisher, stamp))
            {
                place = message.RetainedPlace;
                return RetainedVerdict.Applied;
            }

            RemoveLocked(Find(message.Topic.Utf8), default);
            place = long.MaxValue;
            return RetainedVerdict.NoRoom;
        }
    }

    /// <summary>Makes them the same as those of other nodes. Called before anything is retained or restored.</summary>
    /// <param name="clock">Gives stamps.</param>
    /// <param name="removed">Of how many topics it is remembered that their message was removed, and how long.</param>
    /// <param name="unstamped">The stamp of what a broker on its own had retained.</param>
    /// <param name="peers">The other nodes.</param>
    public void Replicate(RetainedClock clock, (int Most, TimeSpan Age) removed, RetainedStamp unstamped, IRetainedPeers peers)
    {
        lock (_lock)
        {
            var marks = new RetainedMarks(removed.Most, removed.Age, budget.Of(accounts.OfBroker), time);
            _replica = new RetainedReplica(clock, marks, unstamped, peers);
        }
    }

    /// <summary>Sends to the other nodes what <see cref="Set"/> has given a stamp.</summary>
    public void SendToPeers(ref Publication message, FlushSet flushes) => _replica?.Peers.Send(ref message, flushes);

    /// <summary>Restores a message that the store kept. Called before the first connection.</summary>
    /// <param name="message">The message.</param>
    /// <param name="identity">The identity that pays for it.</param>
    /// <param name="stamp">Its stamp; the default when it has none.</param>
    public void Restore(StoredMessage message, string identity, RetainedStamp stamp = default)
    {
        lock (_lock)
        {
            var account = accounts.Open(identity);
            _places.Take(account, 1, 1);
            _replica?.Clock.Observe(stamp);
            ReplaceLocked(
                FindOrAddLocked(message.Topic.Utf8), message, account, stamp.IsGiven ? stamp : _replica?.Unstamped ?? default);
        }
    }

    /// <summary>Restores what the store kept of messages that were removed. A broker on its own does not need it.</summary>
    /// <param name="marks">The topics, and when that was.</param>
    /// <param name="floor">What is known of those that are not kept any more.</param>
    public void Restore(IEnumerable<(byte[] Topic, RetainedStamp Stamp)> marks, RetainedStamp floor)
    {
        lock (_lock)
        {
            _replica?.Marks.Restore(floor);
            foreach (var (topic, stamp) in marks)
            {
                _replica?.Clock.Observe(stamp);
                _replica?.Marks.Put(topic, stamp);
            }
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
        var removed = new List<(StoredMessage Message, RetainedStamp Stamp)>();
        var now = time.GetTimestamp();
        lock (_lock)
        {
            while (removed.Count < most && search.Next(now, ref steps) is { } message)
            {
                if (!message.Topic.IsSystem && search.Found is { } node && node.Message == message)
                {
                    var stamp = _replica?.Clock.Next(node.Stamp) ?? default;
                    RemoveLocked(node, stamp);
                    removed.Add((message, stamp));
                }
            }
        }

        TellPeers(removed);
        return removed.Count;
    }

    /// <summary>Tells the other nodes what an operator has removed. Nobody waits for it.</summary>
    private void TellPeers(List<(StoredMessage Message, RetainedStamp Stamp)> removed)
    {
        var before = AwaitList.TakeNoted();
        var flushes = new FlushSet();
        foreach (var (message, stamp) in removed.Where(one => one.Stamp.IsGiven))
        {
            var publication = new Publication
            {
                Topic = message.Topic,
                Account = accounts.OfBroker,
                QoS = QualityOfService.AtLeastOnce,
                Retain = true,
                Change = new RetainedChange(stamp, "", ExpiresAt: null, IsSilent: true),
            };
            SendToPeers(ref publication, flushes);
        }

        flushes.Flush(inline: false);
        AwaitList.TakeNoted();
        AwaitList.PutBack(before);
    }

    /// <summary>A search for <see cref="RewriteSome"/> and <see cref="ListSome"/>: of all messages.</summary>
    public RetainedCursor SearchAll() => new(_root, "#"u8.ToArray(), long.MaxValue, findsHidden: true);

    /// <summary>This node has heard of every change whose clock is smaller.</summary>
    public void NoteKnownUpTo(ulong clock)
    {
        lock (_lock)
        {
            _replica?.KnownUpTo = Math.Max(_replica.KnownUpTo, clock);
        }
    }

    /// <summary>Finds the next messages of some buckets, with their stamps.</summary>
    /// <param name="search">The search; it stands behind them then.</param>
    /// <param name="buckets">For each bucket whether it is one of them.</param>
    /// <param name="steps">The most nodes that are looked at.</param>
    /// <param name="mostBytes">About how many bytes the topics and stamps may have together.</param>
    public List<(byte[] Topic, RetainedStamp Stamp)> ListSome(RetainedCursor search, bool[] buckets, int steps, int mostBytes)
    {
        var found = new List<(byte[] Topic, RetainedStamp Stamp)>();
        var now = time.GetTimestamp();
        lock (_lock)
        {
            while (mostBytes > 0 && search.Next(now, ref steps) is { } message)
            {
                var topic = message.Topic.Utf8;
                if (!message.Topic.IsSystem && search.Found is { } node && node.Message == message
                    && buckets[FleetHash.BucketOf(FleetHash.Of(topic))])
                {
                    found.Add((topic, node.Stamp));
                    mostBytes -= sizeof(ushort) + topic.Length + RetainedStamp.Size;
                }
            }
        }

        return found;
    }

    /// <summary>What this node lacks of a message that another one has.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="stamp">The other's stamp.</param>
    /// <param name="removed">Of <see cref="RetainedNeed.Removed"/> when that was.</param>
    public RetainedNeed NeedOf(ReadOnlySpan<byte> topic, RetainedStamp stamp, out RetainedStamp removed)
    {
        lock (_lock)
        {
            removed = default;
            if (Find(topic) is { Message: not null } node)
            {
                return node.Stamp >= stamp ? RetainedNeed.None : RetainedNeed.Message;
            }

            if (_replica is { Marks: var marks })
            {
                // Of what is older than the floor this node knew everything: what it knows nothing of was removed.
                var mark = marks.Of(topic);
                removed = mark.IsGiven || stamp.IsOfNoTime || stamp > marks.Floor ? mark : stamp;
            }

            return removed >= stamp ? RetainedNeed.Removed : RetainedNeed.Message;
        }
    }

    /// <summary>The message of a topic, on its way to another node that lacks it.</summary>
    /// <returns>False when there is none.</returns>
    public bool TryCopy(ReadOnlySpan<byte> topic, out Publication copy)
    {
        copy = default;
        if (Replica(topic) is not var (message, change))
        {
            return false;
        }

        copy = Publication.Of(message, message.Keeper!.Account, time.GetTimestamp(), time);
        copy.Change = change;
        return true;
    }

    /// <summary>The message of a topic as another node needs it; null when there is none.</summary>
    public (StoredMessage Message, RetainedChange Change)? Replica(ReadOnlySpan<byte> topic)
    {
        lock (_lock)
        {
            return Find(topic) is { Message: { Topic.IsSystem: false } message } node && !message.IsExpired(time.GetTimestamp())
                ? (message, new RetainedChange(node.Stamp, message.Keeper!.Account.Identity, message.ExpiresAtUtc(time)))
                : null;
        }
    }

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
                    store.PutRetained(message, message.Keeper!.Account.Identity, search.Found!.Stamp);
                }
            }
        }

        return written;
    }

    /// <summary>What must be written to the store once more of messages that were removed.</summary>
    public IEnumerable<(byte[] Topic, RetainedStamp Stamp)[]> BeginRewriteOfMarks()
    {
        lock (_lock)
        {
            if (_replica is not { } replica)
            {
                return [];
            }

            store.PutRetainedFloor(replica.Marks.Floor);
            return replica.Marks.All.Chunk(SweepSlice);
        }
    }

    /// <summary>Writes some of it.</summary>
    public void RewriteMarks((byte[] Topic, RetainedStamp Stamp)[] some)
    {
        lock (_lock)
        {
            foreach (var (topic, stamp) in some)
            {
                if (_replica?.Marks.Of(topic) == stamp)
                {
                    store.DeleteRetained(topic, stamp);
                }
            }
        }
    }

    /// <summary>Removes the messages that have expired.</summary>
    public async ValueTask SweepAsync()
    {
        var pieces = new Pieces(time);
        for (var now = time.GetTimestamp(); SweepOnce(now) | TrimMarks();)
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

                // The mark has the stamp of the message: so no older one comes back, and each node finds the same by itself.
                var node = Find(message.Topic.Utf8);
                RemoveLocked(node, node?.Stamp ?? default);
            }

            return true;
        }
    }

    /// <returns>Whether more may have to go.</returns>
    private bool TrimMarks()
    {
        lock (_lock)
        {
            if (_replica is not { } replica)
            {
                return false;
            }

            var before = replica.Marks.Count;
            if (replica.Marks.Trim(replica.KnownUpTo, SweepSlice))
            {
                store.PutRetainedFloor(replica.Marks.Floor);
            }

            return before - replica.Marks.Count == SweepSlice;
        }
    }

    /// <summary>When a topic's message was set or removed; the default when that is not known.</summary>
    private RetainedStamp StampOfLocked(ReadOnlySpan<byte> topic) =>
        Find(topic) is { Message: not null } node ? node.Stamp : _replica?.Marks.Of(topic) ?? default;

    /// <summary>Whether a change is in force, or a later one. What has expired is removed with the stamp with which it was set.</summary>
    private bool IsKnownLocked(StoredMessage change, RetainedStamp stamp) =>
        Find(change.Topic.Utf8) is { Message: not null } node
            ? stamp < node.Stamp || (stamp == node.Stamp && change.Payload.Length > 0)
            : _replica is { } replica && stamp <= replica.Marks.Of(change.Topic.Utf8);

    private bool PutLocked(StoredMessage message, Account publisher, RetainedStamp stamp)
    {
        var topic = message.Topic.Utf8;
        if (message.Payload.Length == 0)
        {
            var known = Find(topic);
            if (known?.Message is null && stamp.IsGiven)
            {
                MarkLocked(topic, stamp);
                store.DeleteRetained(topic, stamp);
            }

            RemoveLocked(known, stamp);
            return true;
        }

        var node = FindOrAddLocked(topic);
        var account = accounts.Open(publisher);
        if (!message.Topic.IsSystem && !TryTakeRoomLocked(node, message, account))
        {
            accounts.Close(account);
            PruneLocked(node);
            return false;
        }

        ReplaceLocked(node, message, account, stamp);
        if (!message.Topic.IsSystem)
        {
            store.PutRetained(message, account.Identity, stamp);
        }

        return true;
    }

    /// <summary>Notes that a topic's message was removed.</summary>
    private void MarkLocked(byte[] topic, RetainedStamp stamp)
    {
        if (_replica is { } replica && stamp.IsGiven)
        {
            replica.Marks.Put(topic, stamp);
            if (replica.Marks.Trim(replica.KnownUpTo, atOnce: 2))
            {
                store.PutRetainedFloor(replica.Marks.Floor);
            }
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

    private void ReplaceLocked(RetainedNode node, StoredMessage message, Account account, RetainedStamp stamp)
    {
        var memory = budget.Of(account);
        message.Keeper = memory;
        message.Hold(memory, NodeCost(message));
        _bytes += CostOf(message);
        var before = node.Message;
        message.IsRetained = true;
        node.Message = message;
        if (stamp.IsGiven && _replica is { } replica)
        {
            if (before is not null)
            {
                replica.Digest.Toggle(message.Topic.Utf8, node.Stamp);
            }

            replica.Digest.Toggle(message.Topic.Utf8, stamp);
            replica.Marks.Remove(message.Topic.Utf8);
        }

        node.Stamp = stamp;

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

    /// <param name="node">Its node; null for none.</param>
    /// <param name="stamp">With which it is remembered in a fleet that the message was removed; the default for not.</param>
    private void RemoveLocked(RetainedNode? node, RetainedStamp stamp)
    {
        if (node?.Message is { } message)
        {
            node.Message = null;
            if (!message.Topic.IsSystem)
            {
                _places.Return(message.Keeper!.Account, 1, 1);
                _replica?.Digest.Toggle(message.Topic.Utf8, node.Stamp);
                node.Stamp = default;
                MarkLocked(message.Topic.Utf8, stamp);
                store.DeleteRetained(message.Topic.Utf8, stamp);
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
