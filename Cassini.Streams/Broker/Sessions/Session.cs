using Cassini.Streams.Broker.Connections;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Outgoing;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;

namespace Cassini.Streams.Broker.Sessions;

/// <summary>
/// The state of one client that outlives its connections (MQTT 5.0 §4.1): subscriptions, messages that wait or are in flight,
/// and what it received with QoS 2. At most one connection serves it at a time. Thread-safe.
/// </summary>
internal sealed partial class Session(
    BrokerOptions options,
    IBrokerStore store,
    SubscriptionTree tree,
    MemoryBudget budget,
    BrokerCounters counters,
    TimeProvider time,
    string clientId,
    string identity,
    bool isListed,
    Task? published = null) : Subscriber
{
    private readonly Lock _lock = new();
    private Dictionary<string, Subscription>? _subscriptions;
    private ClientConnection? _connection;
    private bool _ended;
    private long _disconnectedAt;
    private WillMessage? _will;
    private long _willDueAt;

    // What was last to be published of it, or of the session that had its client identifier before.
    private Task _published = published ?? Task.CompletedTask;

    public string ClientId { get; } = clientId;

    /// <summary>Who it belongs to: nobody else may resume or take over it.</summary>
    public string Identity { get; } = identity;

    /// <summary>Whether it is in the table of sessions; our own canary's is not.</summary>
    public override bool IsListed { get; } = isListed;

    /// <summary>Session expiry interval in seconds; <see cref="uint.MaxValue"/> means never.</summary>
    public uint ExpirySeconds { get; private set; }

    /// <summary>The connection that serves it; null while there is none.</summary>
    public ClientConnection? Connection => Volatile.Read(ref _connection);

    /// <summary>Whether it is over, and another one may have its client identifier.</summary>
    public bool IsEnded => Volatile.Read(ref _ended);

    /// <summary>Ends when what has happened to it is published.</summary>
    public Task Published
    {
        get
        {
            lock (_lock)
            {
                return _published;
            }
        }
    }

    public override bool IsReachable => Connection is not null;

    public override bool KeepsMessages => ExpirySeconds > 0;

    private bool MaySubscribeToMore => _subscriptions!.Count < options.MaxSubscriptions && !budget.IsExhausted;

    /// <summary>Whether its state is told to the store.</summary>
    private bool IsStored => IsListed && ExpirySeconds > 0 && !_ended;

    public int SubscriptionCount
    {
        get
        {
            lock (_lock)
            {
                return _subscriptions?.Count ?? 0;
            }
        }
    }

    /// <summary>
    /// A connection takes the session: acknowledges the CONNECT first of all, then sends again what is in flight, then what has
    /// waited.
    /// </summary>
    /// <param name="connection">The new connection.</param>
    /// <param name="expirySeconds">Its session expiry interval.</param>
    /// <param name="connAck">The acknowledgement.</param>
    /// <param name="before">The connection that loses the session; null when there was none.</param>
    /// <returns>In which turn it is published; null when the session has ended: another one must be made.</returns>
    public SessionTurn? TryAttach(ClientConnection connection, uint expirySeconds, byte[] connAck, out ClientConnection? before)
    {
        lock (_lock)
        {
            before = _connection;
            if (_ended)
            {
                return null;
            }

            // A will that waits for its delay is not sent when the client is back in time [MQTT-3.1.3-9].
            _will = null;
            ChangeExpiry(expirySeconds);
            connection.Outbox.Append(connAck, connection.Flushes);
            connection.Outbox.Roomy = () => Pump(connection);
            Volatile.Write(ref _connection, connection);
            connection.AttachedAt = time.GetTimestamp();
            SendAgain(connection, connection.Flushes);
            return TakeTurnLocked();
        }
    }

    /// <summary>The connection is over. The session ends with it when its expiry interval is 0.</summary>
    /// <param name="connection">Which one: one that lost the session already changes nothing.</param>
    /// <param name="will">What to publish, unless the client comes back within the will's delay; null for nothing.</param>
    /// <param name="expirySeconds">A new session expiry interval from DISCONNECT; null when it stays.</param>
    public SessionEnd Detach(ClientConnection connection, WillMessage? will, uint? expirySeconds)
    {
        SessionEnd end;
        lock (_lock)
        {
            if (_connection != connection)
            {
                // Lost to another connection, which did not get to tell this one: the will is due all the same, unless it may wait.
                return SessionEnd.None with { Will = _ended || will is { Properties.WillDelayInterval: null or 0 } ? will : null };
            }

            Volatile.Write(ref _connection, null);
            _disconnectedAt = time.GetTimestamp();
            ChangeExpiry(expirySeconds ?? ExpirySeconds);
            SetWill(will);
            end = ExpirySeconds == 0 ? EndLocked()
                : SessionEnd.None with { Will = _willDueAt <= _disconnectedAt ? TakeWill() : null, Turn = TakeTurnLocked() };
        }

        RemoveFromTree(end);
        return end;
    }

    /// <summary>Takes the will whose delay is over.</summary>
    public WillMessage? TakeDueWill(long now)
    {
        lock (_lock)
        {
            return now >= _willDueAt ? TakeWill() : null;
        }
    }

    /// <summary>Ends the session if its time without a connection is over.</summary>
    public SessionEnd EndIfExpired(long now)
    {
        SessionEnd end;
        lock (_lock)
        {
            // What is still to be published of it comes before its end, so it ends the next time.
            if (_connection is not null || _ended || !_published.IsCompleted || ExpirySeconds == uint.MaxValue
                || time.GetElapsedTime(_disconnectedAt, now) < TimeSpan.FromSeconds(ExpirySeconds))
            {
                return SessionEnd.None;
            }

            end = EndLocked();
        }

        RemoveFromTree(end);
        return end;
    }

    /// <summary>Ends the session and everything of it.</summary>
    public SessionEnd End()
    {
        SessionEnd end;
        lock (_lock)
        {
            if (_ended)
            {
                return SessionEnd.None;
            }

            end = EndLocked();
        }

        RemoveFromTree(end);
        return end;
    }

    /// <summary>Adds a subscription, in place of one with the same filter [MQTT-3.8.4-3].</summary>
    /// <returns>Whether there was none before; null when there are too many, or the session has ended.</returns>
    public bool? Subscribe(Subscription subscription)
    {
        Subscription? before;
        lock (_lock)
        {
            _subscriptions ??= [];
            if (_ended || (!_subscriptions.TryGetValue(subscription.Filter, out before) && IsListed && !MaySubscribeToMore))
            {
                return null;
            }

            _subscriptions[subscription.Filter] = subscription;

            // The new one first: no message is lost between the two.
            AddToTree(subscription);
            if (before is not null)
            {
                RemoveFromTree(before);
            }

            if (IsStored)
            {
                store.PutSubscription(ClientId, RecordOf(subscription));
            }
        }

        return before is null;
    }

    public bool Unsubscribe(string filter)
    {
        lock (_lock)
        {
            if (_subscriptions?.Remove(filter, out var subscription) is not true)
            {
                return false;
            }

            RemoveFromTree(subscription);
            if (IsStored)
            {
                store.DeleteSubscription(ClientId, filter);
            }

            return true;
        }
    }

    /// <summary>Takes up what a store kept. Before anyone else knows the session.</summary>
    public void Restore(SessionState kept)
    {
        ExpirySeconds = kept.Session.ExpirySeconds;
        _disconnectedAt = time.GetTimestamp();
        _subscriptions = [];
        foreach (var record in kept.Subscriptions)
        {
            var subscription = new Subscription(
                this, record.Filter, record.QoS, record.NoLocal, record.RetainAsPublished, [.. record.Identifiers]);
            _subscriptions.Add(record.Filter, subscription);
            AddToTree(subscription);
        }

        RestoreMessages(kept);
    }

    private static SubscriptionRecord RecordOf(Subscription subscription) => new(
        subscription.Filter, subscription.QoS, subscription.NoLocal, subscription.RetainAsPublished, [.. subscription.Identifiers]);

    private SessionEnd EndLocked()
    {
        var end = new SessionEnd(true, _connection, TakeWill(), [.. _subscriptions?.Values ?? Enumerable.Empty<Subscription>()], null);
        if (IsStored)
        {
            store.DeleteSession(ClientId);
        }

        Volatile.Write(ref _ended, true);
        _subscriptions = null;
        Volatile.Write(ref _connection, null);

        DropAll();
        return end with { Turn = TakeTurnLocked() };
    }

    private SessionTurn TakeTurnLocked()
    {
        var turn = new SessionTurn(_published);
        _published = turn.Over;
        return turn;
    }

    private void RemoveFromTree(SessionEnd end)
    {
        foreach (var subscription in end.Subscriptions)
        {
            RemoveFromTree(subscription);
        }
    }

    private void AddToTree(Subscription subscription)
    {
        tree.Add(subscription);
        budget.Take(subscription.Cost);
    }

    private void RemoveFromTree(Subscription subscription)
    {
        tree.Remove(subscription);
        budget.Return(subscription.Cost);
    }

    private WillMessage? TakeWill()
    {
        var will = _will;
        _will = null;
        return will;
    }

    private void SetWill(WillMessage? will)
    {
        _will = will;
        if (will is not null)
        {
            // Not later than the end of the session (§3.1.3.2.2).
            var delay = Math.Min(will.Properties.WillDelayInterval ?? 0, ExpirySeconds);
            _willDueAt = _disconnectedAt + (long)(delay * (double)time.TimestampFrequency);
        }
    }

    private void ChangeExpiry(uint seconds)
    {
        if (seconds == ExpirySeconds)
        {
            return;
        }

        var wasStored = IsStored;
        ExpirySeconds = seconds;
        if (IsStored)
        {
            store.PutSession(new SessionRecord(ClientId, Identity, seconds));
        }
        else if (wasStored)
        {
            store.DeleteSession(ClientId);
        }
    }
}
