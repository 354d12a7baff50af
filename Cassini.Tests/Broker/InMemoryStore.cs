using System.Collections.Concurrent;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Mqtt;

namespace Cassini.Tests.Broker;

/// <summary>Keeps the broker's state in memory: a broker that is made over the same store goes on where the last one ended.</summary>
internal sealed class InMemoryStore : IBrokerStore
{
    private readonly ConcurrentDictionary<Kept, bool> _sessions = [];
    private readonly ConcurrentDictionary<string, (StoredMessage, string, RetainedStamp)> _retained = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, RetainedStamp> _marks = new(StringComparer.Ordinal);
    private RetainedStamp _floor;
    private readonly ConcurrentDictionary<long, WillRecord> _wills = [];
    private readonly List<BrokerState> _crashes = [];
    private long _ticket;
    private long _lastWill;
    private int _units;

    public Durability Durability { get; } = new();

    /// <summary>Why it keeps no new messages.</summary>
    public string? Refusal { get; set; }

    public long Capacity => GivesBack ? 1L << 40 : 0;

    /// <summary>Runs when a session is stored.</summary>
    public Action PuttingSession { get; set; } = () => { };

    /// <summary>Runs when a subscription is stored.</summary>
    public Action PuttingSubscription { get; set; } = () => { };

    /// <summary>Runs when the progress of a delivery is stored.</summary>
    public Action PuttingDelivery { get; set; } = () => { };

    /// <summary>Runs when it is stored that a session got or lost its connection.</summary>
    public Action PuttingPresence { get; set; } = () => { };

    /// <summary>What each change waits for until it is durable.</summary>
    public Func<Task> Committing { get; set; } = () => Task.CompletedTask;

    /// <summary>By what clock it notes since when clients are away; null when it does not.</summary>
    public TimeProvider? Time { get; init; }

    /// <summary>Whether it gives messages back, so that they need not be in memory.</summary>
    public bool GivesBack { get; init; }

    /// <summary>Runs before messages are given back to somebody who gives up when that fails.</summary>
    public Action Reading { get; set; } = () => { };

    /// <summary>The sessions that it has.</summary>
    public IEnumerable<SessionRecord> Sessions => _sessions.Keys.Select(kept => kept.Session);

    /// <summary>The topics with retained messages.</summary>
    public IEnumerable<string> Retained => _retained.Keys;

    /// <summary>The wills that it has.</summary>
    public IEnumerable<WillRecord> Wills => _wills.Values;

    /// <summary>A store that has what another one had.</summary>
    public static InMemoryStore Of(BrokerState state, bool givesBack = false, TimeProvider? time = null)
    {
        var store = new InMemoryStore { GivesBack = givesBack, Time = time };
        foreach (var session in state.Sessions)
        {
            store._sessions[new Kept(store, session)] = true;
        }

        foreach (var kept in state.Retained)
        {
            store._retained[kept.Message.Topic.Name] = kept;
        }

        foreach (var (topic, stamp) in state.RetainedMarks)
        {
            store._marks[MqttText.Decode(topic)] = stamp;
        }

        store._floor = state.RetainedFloor;

        foreach (var will in state.Wills)
        {
            store._wills[will.Number] = will.Will;
            store._lastWill = Math.Max(store._lastWill, will.Number);
        }

        return store;
    }

    /// <summary>A store that has what this one has now: what a crash leaves.</summary>
    public InMemoryStore Copy() => Of(State, GivesBack, Time);

    /// <summary>What a crash would have left after each change, from the first time this is read on: a unit is one change.</summary>
    public IReadOnlyList<BrokerState> Crashes
    {
        get
        {
            lock (_crashes)
            {
                KeepsCrashes = true;
                return [.. _crashes];
            }
        }
    }

    private bool KeepsCrashes { get; set; }

    private BrokerState State => new(
        [.. _sessions.Keys.Select(kept => kept.ToState())],
        [.. _retained.Values],
        [.. _wills.Select(pair => new WillState(pair.Key, pair.Value, TimeSpan.Zero))])
    {
        RetainedMarks = [.. _marks.Select(pair => (MqttText.Encode(pair.Key), pair.Value))],
        RetainedFloor = _floor,
    };

    public ValueTask<BrokerState> LoadAsync(long maxQueuedInMemory, CancellationToken cancellationToken) => ValueTask.FromResult(State);

    public ISessionStore OpenSession(SessionRecord session)
    {
        PuttingSession();
        var kept = new Kept(this, session);
        _sessions[kept] = true;
        kept.Change();
        return kept;
    }

    public long PutWill(WillRecord will)
    {
        var number = Interlocked.Increment(ref _lastWill);
        _wills[number] = will;
        Durability.Note(Commit());
        return number;
    }

    public void DeleteWill(long number)
    {
        _wills.TryRemove(number, out _);
        Commit();
    }

    public void PutRetained(StoredMessage message, string identity, RetainedStamp stamp)
    {
        _retained[message.Topic.Name] = (message, identity, stamp);
        _marks.TryRemove(message.Topic.Name, out _);
        Durability.Note(Commit());
    }

    public void DeleteRetained(byte[] topic, RetainedStamp stamp)
    {
        var name = MqttText.Decode(topic);
        _retained.TryRemove(name, out _);
        if (stamp.IsGiven)
        {
            _marks[name] = stamp;
        }

        Durability.Note(Commit());
    }

    public void PutRetainedFloor(RetainedStamp floor)
    {
        _floor = floor;
        Commit();
    }

    public bool WantsRewrite(long live) => false;

    public void BeginRewrite()
    {
    }

    public ValueTask EndRewriteAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public StoreUnit BeginUnit()
    {
        Interlocked.Increment(ref _units);
        return new StoreUnit(this);
    }

    public void EndUnit()
    {
        Interlocked.Decrement(ref _units);
        KeepCrash();
    }

    private void KeepCrash()
    {
        lock (_crashes)
        {
            if (KeepsCrashes && Volatile.Read(ref _units) == 0)
            {
                _crashes.Add(State);
            }
        }
    }

    private long Commit(StoredPlace? place = null)
    {
        KeepCrash();
        var ticket = Interlocked.Increment(ref _ticket);
        var committing = Committing();
        if (committing.IsCompletedSuccessfully)
        {
            Reach(ticket, place);
        }
        else
        {
            _ = ReachAsync(committing, ticket, place);
        }

        return ticket;
    }

    private async Task ReachAsync(Task committing, long ticket, StoredPlace? place)
    {
        await committing.ConfigureAwait(false);
        Reach(ticket, place);
    }

    private void Reach(long ticket, StoredPlace? place)
    {
        if (place is not null)
        {
            place.Group = ticket;
        }

        Durability.Reach(ticket);
    }

    private sealed class Kept(InMemoryStore store, SessionRecord session) : ISessionStore
    {
        private readonly Lock _lock = new();
        private readonly Dictionary<string, SubscriptionRecord> _subscriptions = [];
        private readonly Dictionary<long, (QueuedMessage Message, ushort PacketId, DeliveryState State)> _messages = [];
        private readonly HashSet<ushort> _received = [];
        private bool _isOver;
        private DateTimeOffset? _awayAt;
        private DateTimeOffset? _presentAt;

        public Kept(InMemoryStore store, SessionState state)
            : this(store, state.Session)
        {
            _subscriptions = state.Subscriptions.ToDictionary(one => one.Filter);
            _messages = state.Messages.ToDictionary(one => one.Message.Sequence);
            _received = [.. state.Received];
            _isOver = state.IsOver;
            _awayAt = state.Away > TimeSpan.Zero ? store.Time?.GetUtcNow() - state.Away : null;
            _presentAt = store.Time?.GetUtcNow() - state.Present;
        }

        public SessionRecord Session { get; private set; } = session;

        public long LastTicket { get; private set; }

        public bool GivesBack => store.GivesBack;

        public StoredPlace LastPlace { get; private set; } = new();

        public ValueTask<IReadOnlyList<QueuedMessage>> ReadAsync(
            Func<StoredCopy[]> wanted, int attempts, CancellationToken cancellationToken)
        {
            if (attempts < int.MaxValue)
            {
                store.Reading();
            }

            var copies = wanted();
            lock (_lock)
            {
                return ValueTask.FromResult<IReadOnlyList<QueuedMessage>>(
                    [.. copies.Where(copy => _messages.ContainsKey(copy.Sequence)).Select(copy => _messages[copy.Sequence].Message)]);
            }
        }

        public void Put(SessionRecord changed)
        {
            store.PuttingSession();
            Session = changed;
            Change();
        }

        public void BeginRewrite(SessionRecord session, bool isConnected, TimeSpan since) => Put(session);

        public void AbandonRewrite()
        {
        }

        public void PutAgain(in QueuedMessage message, ushort packetId, DeliveryState state)
        {
            var copy = message;
            LastPlace = new StoredPlace();
            Change(() => _messages[copy.Sequence] = (copy, packetId, state), LastPlace);
        }

        public void PutPresence(bool isConnected)
        {
            store.PuttingPresence();
            Change(() => (_awayAt, _presentAt) = isConnected
                ? ((DateTimeOffset?)null, store.Time?.GetUtcNow())
                : (store.Time?.GetUtcNow(), null));
        }

        public void BeginEnd() => Change(() => _isOver = true);

        public void EndRetained(string filter) => Change(() =>
        {
            if (_subscriptions.TryGetValue(filter, out var known))
            {
                _subscriptions[filter] = known with { AwaitsRetained = false };
            }
        });

        public void End()
        {
            store._sessions.TryRemove(this, out _);
            Change();
        }

        public void PutSubscription(SubscriptionRecord subscription)
        {
            store.PuttingSubscription();
            Change(() => _subscriptions[subscription.Filter] = subscription);
        }

        public void DeleteSubscription(string filter) => Change(() => _subscriptions.Remove(filter));

        public void PutMessage(in QueuedMessage message)
        {
            var copy = message;
            LastPlace = new StoredPlace();
            Change(() => _messages[copy.Sequence] = (copy, 0, DeliveryState.Done), LastPlace);
        }

        public void PutDelivery(long sequence, ushort packetId, DeliveryState state)
        {
            store.PuttingDelivery();
            Change(() =>
            {
                if (_messages.TryGetValue(sequence, out var known))
                {
                    _messages[sequence] = (known.Message, packetId, state);
                }
            });
        }

        public void DeleteMessage(long sequence) => Change(() => _messages.Remove(sequence));

        public void PutReceived(ushort packetId) => Change(() => _received.Add(packetId));

        public void DeleteReceived(ushort packetId) => Change(() => _received.Remove(packetId));

        public void Change(Action? change = null, StoredPlace? place = null)
        {
            lock (_lock)
            {
                change?.Invoke();
            }

            LastTicket = store.Commit(place);
        }

        public SessionState ToState()
        {
            lock (_lock)
            {
                return new SessionState(
                    this,
                    Session,
                    store.Time?.GetUtcNow() - _awayAt ?? TimeSpan.Zero,
                    [.. _subscriptions.Values],
                    [.. _messages.OrderBy(pair => pair.Key).Select(pair => pair.Value)],
                    null,
                    [.. _received],
                    _isOver)
                {
                    Present = store.Time?.GetUtcNow() - _presentAt,
                };
            }
        }
    }
}
