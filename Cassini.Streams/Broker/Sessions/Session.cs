using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;

namespace Cassini.Streams.Broker.Sessions;

/// <summary>
/// The state of one client that outlives its connections (MQTT 5.0 §4.1): subscriptions, messages that wait or are in flight, and what
/// was received with QoS 2. At most one connection serves it at a time. Thread-safe.
/// </summary>
/// <remarks>
/// Its lock is taken before those of the subscription tree and of an outbox, never after them. Nothing under it waits, logs or publishes;
/// what a change leaves to do is returned as a <see cref="SessionEnd"/>.
/// </remarks>
internal sealed class Session : Subscriber
{
    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly SessionJournal _journal;
    private readonly SessionSubscriptions _subscriptions;
    private readonly DirectDelivery _direct;
    private Attachment? _attachment;
    private bool _ended;
    private long _detachedAt;
    private WaitingWill _will;
    private Task _published;

    public Session(
        BrokerOptions options,
        IBrokerStore store,
        SubscriptionTree tree,
        MemoryBudget budget,
        BrokerCounters counters,
        TimeProvider time,
        string clientId,
        string identity,
        bool isListed,
        Task? published = null)
    {
        _published = published ?? Task.CompletedTask;
        _time = time;
        _journal = new SessionJournal(store, clientId);
        _subscriptions = new SessionSubscriptions(isListed ? options.MaxSubscriptions : null, tree, budget, _journal);
        Losses = new DeliveryLosses(counters);
        Deliveries = new DeliveryQueue(_lock, options, budget, counters, Losses, time, _journal);
        _direct = new DirectDelivery(_lock, clientId, Losses, time);
        Received = new ReceivedIds(_lock, _journal);
        ClientId = clientId;
        Identity = identity;
        IsListed = isListed;
    }

    public string ClientId { get; }

    /// <summary>The identity that it belongs to: no other may resume it or take it over.</summary>
    public string Identity { get; }

    /// <summary>Whether it is in the table of sessions; the health probe's is not.</summary>
    public override bool IsListed { get; }

    /// <summary>The QoS 1 and 2 messages on their way to the client.</summary>
    public DeliveryQueue Deliveries { get; }

    /// <summary>The QoS 2 messages from the client that are not released.</summary>
    public ReceivedIds Received { get; }

    /// <summary>The copies that it lost.</summary>
    public DeliveryLosses Losses { get; }

    /// <summary>Session expiry interval in seconds; <see cref="uint.MaxValue"/> means never.</summary>
    public uint ExpirySeconds { get; private set; }

    /// <summary>The connection that serves it; null while there is none.</summary>
    public Attachment? Attachment => Volatile.Read(ref _attachment);

    /// <summary>Whether it has ended, so that another one may have its client identifier.</summary>
    public bool IsEnded => Volatile.Read(ref _ended);

    /// <summary>Ends when what has happened to it is published, and to the session that had its client identifier before.</summary>
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

    public override bool IsReachable => Attachment is not null;

    public override bool KeepsMessages => ExpirySeconds > 0;

    public int SubscriptionCount
    {
        get
        {
            lock (_lock)
            {
                return _subscriptions.Count;
            }
        }
    }

    /// <summary>
    /// A connection takes the session: sends the CONNACK first of all, then what is in flight once more, then what waits.
    /// </summary>
    /// <param name="attachment">The new connection.</param>
    /// <param name="expirySeconds">Its session expiry interval.</param>
    /// <param name="connAck">The acknowledgement.</param>
    /// <param name="flushes">Where to note that there is something to send.</param>
    /// <param name="before">The connection that loses the session; null when there was none.</param>
    /// <returns>In which turn it is published; null when the session has ended: another one must be made.</returns>
    public SessionTurn? TryAttach(Attachment attachment, uint expirySeconds, byte[] connAck, FlushSet flushes, out Attachment? before)
    {
        lock (_lock)
        {
            before = _attachment;
            if (_ended)
            {
                return null;
            }

            // A will that waits for its delay is not sent when the client is back in time [MQTT-3.1.3-9].
            _will.Take();
            ChangeExpiryLocked(expirySeconds);
            attachment.Outbox.Append(connAck, flushes);
            Volatile.Write(ref _attachment, attachment);
            Received.AttachLocked(attachment);
            attachment.AttachedAt = _time.GetTimestamp();
            Deliveries.AttachLocked(attachment, flushes);
            return TakeTurnLocked();
        }
    }

    /// <summary>The connection is over. The session ends with it when its expiry interval is 0.</summary>
    /// <param name="attachment">The connection; one that has lost the session already changes nothing.</param>
    /// <param name="expirySeconds">A new session expiry interval from DISCONNECT; null when it stays.</param>
    public SessionEnd Detach(Attachment attachment, uint? expirySeconds)
    {
        SessionEnd end;
        lock (_lock)
        {
            if (_attachment != attachment)
            {
                return SessionEnd.None with { Will = attachment.TakeWillOfLost(_ended) };
            }

            Volatile.Write(ref _attachment, null);
            Received.AttachLocked(null);
            Deliveries.DetachLocked();
            _detachedAt = _time.GetTimestamp();
            ChangeExpiryLocked(expirySeconds ?? ExpirySeconds);
            _will.Set(attachment.TakeWill(), _detachedAt, ExpirySeconds, _time.TimestampFrequency);
            end = ExpirySeconds == 0 ? EndLocked() : SessionEnd.None with { Will = _will.TakeDue(_detachedAt), Turn = TakeTurnLocked() };
        }

        _subscriptions.RemoveFromTree(end.Subscriptions);
        return end;
    }

    /// <summary>Takes the will whose delay is over.</summary>
    public WillMessage? TakeDueWill(long now)
    {
        lock (_lock)
        {
            return _will.TakeDue(now);
        }
    }

    /// <summary>Ends the session if its expiry interval is over.</summary>
    public SessionEnd EndIfExpired(long now)
    {
        SessionEnd end;
        lock (_lock)
        {
            // What is still to be published of it comes before its end, so it ends the next time.
            if (_attachment is not null || !_published.IsCompleted || ExpirySeconds == uint.MaxValue
                || _time.GetElapsedTime(_detachedAt, now) < TimeSpan.FromSeconds(ExpirySeconds))
            {
                return SessionEnd.None;
            }

            end = EndLocked();
        }

        _subscriptions.RemoveFromTree(end.Subscriptions);
        return end;
    }

    /// <summary>Ends the session with everything that belongs to it.</summary>
    public SessionEnd End()
    {
        SessionEnd end;
        lock (_lock)
        {
            end = EndLocked();
        }

        _subscriptions.RemoveFromTree(end.Subscriptions);
        return end;
    }

    /// <summary>Adds a subscription, in place of one with the same filter [MQTT-3.8.4-3].</summary>
    /// <returns>Whether there was none before; null when there are too many, or the session has ended.</returns>
    public bool? Subscribe(Subscription subscription)
    {
        lock (_lock)
        {
            return _ended ? null : _subscriptions.Add(subscription);
        }
    }

    /// <returns>Whether there was one.</returns>
    public bool Unsubscribe(string filter)
    {
        lock (_lock)
        {
            return _subscriptions.Remove(filter);
        }
    }

    /// <remarks>A client that is away gets no QoS 0 message.</remarks>
    public override void Deliver(ref Publication message, Subscription subscription, FlushSet flushes)
    {
        var qos = message.QoS < subscription.QoS ? message.QoS : subscription.QoS;
        if (qos != QualityOfService.AtMostOnce)
        {
            Deliveries.Add(ref message, qos, subscription, message.Trace?.StartDelivery(ClientId, qos), flushes);
        }
        else if (Attachment is { } attachment)
        {
            _direct.Send(message, subscription, attachment, flushes);
        }
    }

    /// <summary>Delivers a retained message for a new subscription, unless it was replaced meanwhile.</summary>
    public void DeliverRetained(StoredMessage message, Subscription subscription, FlushSet flushes)
    {
        var qos = message.QoS < subscription.QoS ? message.QoS : subscription.QoS;
        if (qos != QualityOfService.AtMostOnce)
        {
            Deliveries.Add(message, qos, subscription, flushes);
        }
        else if (Attachment is { } attachment)
        {
            _direct.SendRetained(message, subscription, attachment, flushes);
        }
    }

    /// <summary>Restores what a store kept. Before anyone else knows the session.</summary>
    public void Restore(SessionState kept)
    {
        lock (_lock)
        {
            ExpirySeconds = kept.Session.ExpirySeconds;
            _detachedAt = _time.GetTimestamp();
            _journal.Resume();
            foreach (var record in kept.Subscriptions)
            {
                _subscriptions.Restore(
                    new Subscription(this, record.Filter, record.QoS, record.NoLocal, record.RetainAsPublished, [.. record.Identifiers]));
            }

            Deliveries.RestoreLocked(kept.Messages);
            Received.RestoreLocked(kept.Received);
        }
    }

    private SessionEnd EndLocked()
    {
        if (_ended)
        {
            return SessionEnd.None;
        }

        var end = new SessionEnd(true, _attachment, _will.Take(), _subscriptions.TakeAll(), null);
        _journal.DeleteSession();
        Volatile.Write(ref _ended, true);
        Volatile.Write(ref _attachment, null);
        Deliveries.EndLocked();
        Received.EndLocked();
        return end with { Turn = TakeTurnLocked() };
    }

    private SessionTurn TakeTurnLocked()
    {
        var turn = new SessionTurn(_published);
        _published = turn.Over;
        return turn;
    }

    private void ChangeExpiryLocked(uint seconds)
    {
        if (seconds == ExpirySeconds)
        {
            return;
        }

        ExpirySeconds = seconds;
        if (IsListed && seconds > 0)
        {
            _journal.PutSession(new SessionRecord(ClientId, Identity, seconds));
        }
        else
        {
            _journal.DeleteSession();
        }
    }
}
