using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;

namespace Cassini.Streams.Store;

/// <summary>A session as far as the groups of a journal were applied.</summary>
/// <param name="record">What it is.</param>
internal sealed class KeptSession(SessionRecord record)
{
    private readonly Dictionary<long, KeptCopy> _copies = [];
    private long _sent;

    public SessionRecord Record { get; set; } = record;

    /// <summary>When it lost its connection, UTC; null while it has one.</summary>
    public DateTimeOffset? AwayAt { get; set; }

    /// <summary>When it got the connection that it has, UTC; null while it has none.</summary>
    public DateTimeOffset? PresentAt { get; set; }

    /// <summary>Whether it ended, but for what others have still to get.</summary>
    public bool IsOver { get; set; }

    public Dictionary<string, SubscriptionRecord> Subscriptions { get; } = new(StringComparer.Ordinal);

    public HashSet<ushort> Received { get; } = [];

    /// <summary>The copies that are not in memory; none of them was sent.</summary>
    public StoredBacklog Backlog { get; } = new();

    /// <summary>How many copies there are.</summary>
    public int Count => _copies.Count + Backlog.Count;

    /// <summary>About how many bytes of copies are in memory.</summary>
    public long Bytes { get; private set; }

    /// <summary>The copies that were sent and are not in memory: they must be, see <see cref="Supply"/>.</summary>
    public StoredCopy[] Missing =>
        [.. _copies.Where(pair => pair.Value.Copy is null).Select(pair => new StoredCopy(pair.Key, pair.Value.Group))];

    /// <summary>A copy is in memory.</summary>
    /// <param name="copy">The copy.</param>
    /// <param name="group">Where it was written last.</param>
    /// <param name="size">How many bytes it has.</param>
    public void Add(in QueuedMessage copy, long group, int size)
    {
        _copies[copy.Sequence] = new KeptCopy(group, size) { Copy = copy };
        Bytes += size + StoredBacklog.CostOfCopy;
    }

    /// <summary>A copy is gone, or is written anew.</summary>
    /// <returns>Whether it was there.</returns>
    public bool Remove(long sequence)
    {
        if (_copies.Remove(sequence, out var copy))
        {
            Bytes -= copy.Copy is null ? 0 : copy.Size + StoredBacklog.CostOfCopy;
            return true;
        }

        return Backlog.Remove(sequence);
    }

    /// <summary>A subscription has got its retained messages.</summary>
    public void EndRetained(string filter)
    {
        if (Subscriptions.TryGetValue(filter, out var subscription))
        {
            Subscriptions[filter] = subscription with { AwaitsRetained = false };
        }
    }

    /// <summary>The delivery of a copy has reached a state.</summary>
    public void Note(long sequence, ushort packetId, DeliveryState state)
    {
        if (state != DeliveryState.Done && FindSent(sequence) is { } copy)
        {
            copy.Sent = copy.State == DeliveryState.Done ? ++_sent : copy.Sent;
            (copy.PacketId, copy.State) = (packetId, state);
        }
    }

    /// <summary>One of <see cref="Missing"/> was read.</summary>
    public void Supply(in QueuedMessage copy) => _copies[copy.Sequence].Copy = copy;

    /// <summary>What the broker begins with. Nothing may be <see cref="Missing"/>.</summary>
    /// <param name="store">What keeps it from now on.</param>
    /// <param name="away">How long it has had no connection.</param>
    public SessionState ToState(ISessionStore store, TimeSpan away)
    {
        var sent = _copies.Values.Where(copy => copy.State != DeliveryState.Done).OrderBy(copy => copy.Sent);
        var waiting = _copies.Where(pair => pair.Value.State == DeliveryState.Done).OrderBy(pair => pair.Key).ToList();
        if (Backlog.Count > 0)
        {
            // Memory has the oldest ones, and the store has the rest.
            var first = Backlog.First.Sequence;
            foreach (var (sequence, copy) in waiting.Where(pair => pair.Key > first))
            {
                Backlog.Add(new StoredCopy(sequence, copy.Group), copy.Size, copy.Copy?.Share is not null);
            }

            waiting.RemoveAll(pair => pair.Key > first);
        }

        return new SessionState(
            store,
            Record,
            away,
            [.. Subscriptions.Values],
            [.. sent.Concat(waiting.Select(pair => pair.Value)).Select(copy => (copy.Copy!.Value, copy.PacketId, copy.State))],
            Backlog.Count > 0 ? Backlog : null,
            [.. Received],
            IsOver);
    }

    private KeptCopy? FindSent(long sequence)
    {
        if (!_copies.TryGetValue(sequence, out var copy) && Backlog.Find(sequence) is { } stored)
        {
            copy = new KeptCopy(stored.Group, stored.Size);
            _copies[sequence] = copy;
            Backlog.Remove(sequence);
        }

        return copy;
    }

    /// <param name="group">Where it was written last.</param>
    /// <param name="size">How many bytes it has.</param>
    private sealed class KeptCopy(long group, int size)
    {
        public long Group => group;

        public int Size => size;

        /// <summary>Null when it is not in memory.</summary>
        public QueuedMessage? Copy { get; set; }

        public ushort PacketId { get; set; }

        public DeliveryState State { get; set; }

        /// <summary>Its place in the order in which copies were first sent.</summary>
        public long Sent { get; set; }
    }
}
