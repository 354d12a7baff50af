using Cassini.Streams.Broker.Delivery;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Quotas;

namespace Cassini.Streams.Broker.Sessions;

/// <summary>
/// The state of one client that outlives its connections (MQTT 5.0 §4.1): subscriptions, messages that wait or are in flight, and what
/// was received with QoS 2. At most one connection serves it at a time. Thread-safe.
/// </summary>
/// <remarks>
/// Its lock is taken before those of the subscription tree and of an outbox, never after them. Nothing under it waits, logs or publishes:
/// what happened is noted in its <see cref="History"/>, and what a change leaves to do is returned as a <see cref="SessionEnd"/>.
/// </remarks>
internal sealed class Session : Subscriber
{
    private readonly BrokerCounters _counters;
    private readonly TimeProvider _time;
    private readonly SessionJournal _journal;
    private readonly DirectDelivery _direct;
    private readonly ShareHandOver _handOver;
    private Attachment? _attachment;
    private bool _ended;
    private bool _isLeaving;
    private bool _isArriving;
    private bool _hasLeft;
    private long _detachedAt;
    private WaitingWill _will;

    public Session(
        BrokerOptions options, IBrokerStore store, SharedResource disk, SubscriptionTree tree, RetainedMessages retained,
        ShareHandOver handOver, SharedPlaces sharedPlaces, AccountMemory memory, BrokerCounters counters, TimeProvider time,
        string clientId, PendingEvents history, bool isListed, IdentityWork work, Action<Exception> failed)
    {
        History = history;
        _counters = counters;
        _time = time;
        _handOver = handOver;
        _journal = new SessionJournal(store, clientId, disk, memory.Account);
        Losses = new DeliveryLosses(counters);
        Deliveries = new DeliveryQueue(history.Lock, options, memory, counters, Losses, time, _journal, retained, work, failed);
        var isOfClient = isListed && !NodeQueue.IsOne(clientId, memory.Account.Identity);
        Subscriptions = new SessionSubscriptions(
            history.Lock, isOfClient ? options.MaxSubscriptions : null, tree, sharedPlaces, memory, _journal, Deliveries);
        _direct = new DirectDelivery(Losses);
        Received = new ReceivedIds(history.Lock, memory, _journal);
        ClientId = clientId;
        Account = memory.Account;
        IsListed = isListed;
    }

    public string ClientId { get; }

    /// <summary>The identity that it belongs to: no other may resume it or take it over.</summary>
    public string Identity => Account.Identity;

    /// <summary>What that identity has of what all share.</summary>
    public Account Account { get; }

    /// <summary>Whether it is in the table of sessions; the health probe's is not.</summary>
    public override bool IsListed { get; }

    /// <summary>What has happened to it, and to the session that had its client identifier before.</summary>
    public PendingEvents History { get; }

    public SessionSubscriptions Subscriptions { get; }

    /// <summary>The messages on their way to the client, but for most of QoS 0.</summary>
    public DeliveryQueue Deliveries { get; }

    /// <summary>The QoS 2 messages from the client that are not released.</summary>
    public ReceivedIds Received { get; }

    /// <summary>The copies that it lost.</summary>
    public DeliveryLosses Losses { get; }

    /// <summary>Session expiry interval in seconds; <see cref="uint.MaxValue"/> means never.</summary>
    public uint ExpirySeconds { get; private set; }

    /// <summary>The connection that serves it; null while there is none.</summary>
    public Attachment? Attachment => Volatile.Read(ref _attachment);

    public override bool IsReachable => Attachment is not null;

    public override bool KeepsMessages => (ExpirySeconds > 0 || _journal.IsKept) && !Volatile.Read(ref _ended);

    public override bool HasLeft => Volatile.Read(ref _hasLeft);

    /// <summary>What it is at this instant.</summary>
    public SessionInfo Describe()
    {
        lock (History.Lock)
        {
            var to = _attachment;
            var since = _time.GetUtcNow() - _time.GetElapsedTime(to?.AttachedAt ?? _detachedAt);
            TimeSpan? expiry = ExpirySeconds == uint.MaxValue ? null : TimeSpan.FromSeconds(ExpirySeconds);
            return new SessionInfo(
                ClientId, Identity, to?.Connection.Id, to?.Protocol, to?.Connection.KeepAlive, since, expiry,
                to is null ? since + expiry : null, Subscriptions.Count, Deliveries.WaitingLocked, Deliveries.StoredBytes,
                Deliveries.InFlightLocked, Losses.Dropped)
            {
                Slow = SlowLocked,
                Stalled = to?.Outbox.Stalled,
            };
        }
    }

    /// <summary>The worst of what is true.</summary>
    private SlowReason? SlowLocked => Deliveries.SlowLocked is var slow && slow != SlowReason.NotReading && Losses.IsRecent(_time)
        ? SlowReason.Dropping
        : slow;

    /// <summary>A connection takes the session: the CONNACK is the first that it sends. <see cref="SendBacklog"/> sends the rest.</summary>
    /// <param name="attachment">The new connection.</param>
    /// <param name="request">What it asks for.</param>
    /// <param name="isPresent">Whether the session existed.</param>
    /// <param name="flushes">Where to note that there is something to send.</param>
    /// <param name="before">The connection that loses the session; null when there was none.</param>
    /// <returns>False when the session has ended: another one must be made.</returns>
    public bool TryAttach(Attachment attachment, AttachRequest request, bool isPresent, FlushSet flushes, out Attachment? before)
    {
        lock (History.Lock)
        {
            before = _attachment;
            if (_ended || _isLeaving)
            {
                return false;
            }

            ChangeExpiryLocked(request.ExpirySeconds);
            if (before is not null)
            {
                NoteClosedLocked(before, CloseReason.TakenOver, isKept: true);
            }

            // A will that waits for its delay is not sent when the client is back in time [MQTT-3.1.3-9].
            _will.Take()?.Release();
            _journal.PutPresence(isConnected: true);
            _journal.NoteAgain();
            attachment.Outbox.Append(isPresent ? request.ConnAckPresent : request.ConnAckNew, flushes, after: Durability.Noted);
            attachment.AttachedAt = _time.GetTimestamp();
            AttachLocked(attachment);
            History.NoteLocked(attachment.Opened(ClientId, Identity, isPresent));
            return true;
        }
    }

    /// <summary>Sends to its new connection what is in flight once more, and then what waits.</summary>
    public void SendBacklog(Attachment attachment, FlushSet flushes)
    {
        lock (History.Lock)
        {
            if (_attachment == attachment)
            {
                Deliveries.AttachLocked(attachment);
            }
        }

        Deliveries.SendMore(attachment, flushes);
    }

    /// <summary>The connection is over. The session ends with it when its expiry interval is 0.</summary>
    /// <param name="attachment">The connection; one that has lost the session already changes nothing.</param>
    /// <param name="expirySeconds">A new session expiry interval from DISCONNECT; null when it stays.</param>
    /// <param name="reason">Why it is over.</param>
    public SessionEnd Detach(Attachment attachment, uint? expirySeconds, CloseReason reason)
    {
        SessionEnd end;
        lock (History.Lock)
        {
            if (_attachment != attachment)
            {
                return SessionEnd.None with { Will = attachment.TakeWillWhenDisplaced(_ended) };
            }

            AttachLocked(null);
            _detachedAt = _time.GetTimestamp();
            ChangeExpiryLocked(expirySeconds ?? ExpirySeconds, isOver: true);
            _journal.PutPresence(isConnected: false);
            NoteClosedLocked(attachment, reason, isKept: ExpirySeconds > 0);
            _will.Set(attachment.TakeWill(), _detachedAt, ExpirySeconds, _time.TimestampFrequency);
            end = ExpirySeconds == 0
                ? EndLocked(SessionEndReason.EndedWithConnection)
                : SessionEnd.None with { Will = _will.TakeDue(_detachedAt) };
        }

        return LeaveTree(end);
    }

    /// <summary>Whether it is about to move to another node: no connection can have it.</summary>
    public bool IsLeaving
    {
        get
        {
            lock (History.Lock)
            {
                return _isLeaving;
            }
        }
    }

    /// <summary>
    /// The session is to move to another node: its connection loses it, and no other gets it. Messages are still kept for it.
    /// </summary>
    /// <param name="lost">The connection that loses it; null when there was none.</param>
    /// <param name="will">The will that is due because of that; one with a delay waits, in case the session stays.</param>
    /// <returns>False when it has ended, or is moving already.</returns>
    public bool TryLeave(out Attachment? lost, out HeldWill? will)
    {
        lock (History.Lock)
        {
            will = null;
            lost = _attachment;
            if (_ended || _isLeaving)
            {
                return false;
            }

            if (lost is not null)
            {
                NoteClosedLocked(lost, CloseReason.TakenOver, isKept: true);
                AttachLocked(null);
                _detachedAt = _time.GetTimestamp();

                // Not stored, also if it stays: after a crash it must look older than on a node that has wanted it.
                _will.Set(lost.TakeWill(), _detachedAt, ExpirySeconds, _time.TimestampFrequency);
                will = _will.TakeDue(_detachedAt);
            }

            _isLeaving = true;
            Deliveries.SetLeavingLocked(true);
            return true;
        }
    }

    /// <summary>It stays after all.</summary>
    public void Stay()
    {
        lock (History.Lock)
        {
            _isLeaving = false;
            Deliveries.SetLeavingLocked(false);
            LeaveSharesLocked(false);
        }
    }

    /// <summary>
    /// Its messages are about to be read for another node, where it is a member of its shared subscriptions by now: what is published for
    /// these from now on would not be read, and goes to other members.
    /// </summary>
    public void LeaveShares()
    {
        lock (History.Lock)
        {
            LeaveSharesLocked(true);
        }
    }

    /// <summary>What another node must have of it beside its messages.</summary>
    public MovedSession Export()
    {
        lock (History.Lock)
        {
            return new MovedSession(ClientId, Identity, ExpirySeconds, Subscriptions.RecordsLocked(), [.. Received.AllLocked()]);
        }
    }

    /// <summary>
    /// The session is about to come from another node: it is subscribed, and what is published for it is kept apart. Before anyone else
    /// knows it.
    /// </summary>
    public void BeginArrival(MovedSession moved)
    {
        lock (History.Lock)
        {
            _isLeaving = _isArriving = true;
            _detachedAt = _time.GetTimestamp();
            ExpirySeconds = moved.ExpirySeconds;
            _journal.BeginArrival(Identity);
            Deliveries.BeginArrivalLocked();
            Subscriptions.ImportLocked(this, moved.Subscriptions);
        }
    }

    /// <summary>Takes a message that it had on the other node.</summary>
    /// <returns>False when there is no room for it.</returns>
    public bool TryImport(in MovedMessage message)
    {
        lock (History.Lock)
        {
            return Deliveries.TryImportLocked(message);
        }
    }

    /// <summary>It is here: a connection can have it.</summary>
    /// <param name="received">What it had received with QoS 2 and not released.</param>
    /// <returns>False when there was no room for all of it: then it must be ended.</returns>
    public bool TryEndArrival(IReadOnlyCollection<ushort> received)
    {
        lock (History.Lock)
        {
            Received.ImportLocked(received);
            if (!Deliveries.TryEndArrivalLocked())
            {
                return false;
            }

            _isLeaving = _isArriving = false;
            _journal.PutExpiry(Identity, ExpirySeconds, hasBacklog: false);

            // After a crash it is known since when it is here: later than on the node that it has come from.
            _journal.PutPresence(isConnected: false);
            return true;
        }
    }

    /// <summary>Takes the will whose delay is over.</summary>
    public HeldWill? TakeDueWill(long now)
    {
        lock (History.Lock)
        {
            return _will.TakeDue(now);
        }
    }

    /// <summary>Ends the session if its expiry interval is over.</summary>
    /// <param name="now">A timestamp.</param>
    /// <param name="events">Limits how many such ends are published.</param>
    public SessionEnd EndIfExpired(long now, BrokerEvents events)
    {
        SessionEnd end;
        lock (History.Lock)
        {
            // What another thread publishes of it at this moment comes before its end, so it ends the next time.
            if (_attachment is not null || _isLeaving || History.IsPublishingLocked || ExpirySeconds == uint.MaxValue
                || _time.GetElapsedTime(_detachedAt, now) < TimeSpan.FromSeconds(ExpirySeconds))
            {
                return SessionEnd.None;
            }

            end = EndLocked(SessionEndReason.Expired, events);
        }

        return LeaveTree(end);
    }

    /// <summary>Ends the session with everything that belongs to it, and leaves it to the caller to do what the result says.</summary>
    public SessionEnd End(SessionEndReason reason)
    {
        lock (History.Lock)
        {
            return EndLocked(reason);
        }
    }

    /// <summary>It could not be attached to its first connection, and nobody has seen it: the store forgets it.</summary>
    public void Abandon()
    {
        lock (History.Lock)
        {
            _journal.DeleteSession();
        }
    }

    /// <remarks>A client that is away gets no QoS 0 message.</remarks>
    public override void Deliver(ref Publication message, Subscription subscription, FlushSet flushes)
    {
        var qos = subscription.Lower(message.QoS);
        if (qos != QualityOfService.AtMostOnce)
        {
            if (!Deliveries.Add(ref message, qos, subscription, message.Trace?.StartDelivery(ClientId, qos), flushes)
                && subscription.Share is { } share)
            {
                _handOver.HandOn(ref message, share, flushes);
            }
        }
        else if (Attachment is { } attachment)
        {
            var span = message.Trace?.StartDelivery(ClientId, QualityOfService.AtMostOnce);
            if (Deliveries.KeepsOrder)
            {
                Deliveries.AddQoS0(ref message, subscription, attachment, span, flushes);
            }
            else
            {
                _direct.Send(message, subscription, attachment, span, flushes);
            }
        }
    }

    /// <summary>Restores what a store kept. Before anyone else knows the session.</summary>
    public void Restore(SessionState kept)
    {
        lock (History.Lock)
        {
            ExpirySeconds = kept.Session.ExpirySeconds;
            _detachedAt = _time.GetTimestamp() - (long)(kept.Away.TotalSeconds * _time.TimestampFrequency);
            _journal.Restore(kept.Store);
            Subscriptions.RestoreLocked(this, kept.Subscriptions);
            Deliveries.RestoreLocked(kept.Messages, kept.Backlog);
            Received.RestoreLocked(kept.Received);
        }
    }

    /// <summary>
    /// Writes all of it to the store once more that is in memory. <see cref="DeliveryQueue.RewriteStoredAsync"/> must follow.
    /// </summary>
    /// <returns>How many records that were; 0 when it is not stored.</returns>
    public int Rewrite()
    {
        lock (History.Lock)
        {
            var since = _time.GetElapsedTime(_attachment?.AttachedAt ?? _detachedAt);
            return _journal.BeginRewrite(Identity, ExpirySeconds, _attachment is not null, since)
                ? 1 + Subscriptions.RewriteLocked() + Deliveries.RewriteLocked() + Received.RewriteLocked()
                : 0;
        }
    }

    /// <summary>Its client had a will when the broker ended. Before anyone else knows the session.</summary>
    /// <param name="will">The will.</param>
    /// <param name="age">How long ago that was.</param>
    /// <returns>The will if it is due: a client that comes back at once does not take it back.</returns>
    public HeldWill? Restore(HeldWill will, TimeSpan age)
    {
        lock (History.Lock)
        {
            // One with a delay whose connection was displaced: the session went on [MQTT-3.1.3-9].
            _will.Take()?.Release();
            var now = _time.GetTimestamp();
            _will.Set(will, now - (long)(age.TotalSeconds * _time.TimestampFrequency), ExpirySeconds, _time.TimestampFrequency);
            return _will.TakeDue(now);
        }
    }

    private SessionEnd EndLocked(SessionEndReason reason, BrokerEvents? limit = null)
    {
        if (_ended)
        {
            return SessionEnd.None;
        }

        // What moves to another node is finished there.
        var left = Deliveries.EndLocked();
        var unfinished = reason == SessionEndReason.Moved ? LeftMessages.None : left.OfShares();
        var store = unfinished.Count == 0 ? null : _journal.LeaveSession();
        _journal.DeleteSession();
        var end = new SessionEnd(true, _attachment, _will.Take(), Subscriptions.EndLocked(), unfinished, store);
        Volatile.Write(ref _ended, true);
        if (end.Attachment is { } lost)
        {
            NoteClosedLocked(lost, CloseReason.TakenOver, isKept: false);
        }

        AttachLocked(null);
        Received.EndLocked();
        if (_isArriving || NodeQueue.IsOne(this))
        {
            // It is whole on another node, or of no client.
            return end;
        }

        if (IsListed)
        {
            _counters.AddEnded(reason);
        }

        if (limit is null || limit.TryTake())
        {
            History.NoteLocked(new SessionEnded(ClientId, reason));
        }

        return end;
    }

    /// <summary>Without the lock, because there may be much to do, and because others' locks are taken.</summary>
    private SessionEnd LeaveTree(SessionEnd end)
    {
        Subscriptions.RemoveFromTree(end.Subscriptions);
        return end;
    }

    private void LeaveSharesLocked(bool hasLeft)
    {
        Volatile.Write(ref _hasLeft, hasLeft);
        Deliveries.SetTakesSharesLocked(!hasLeft);
        Subscriptions.ReviewSharedLocked();
    }

    private void AttachLocked(Attachment? attachment)
    {
        Volatile.Write(ref _attachment, attachment);
        Received.AttachLocked(attachment);
        Deliveries.DetachLocked(attachment);
        Subscriptions.ReviewSharedLocked();
    }

    private void NoteClosedLocked(Attachment attachment, CloseReason observed, bool isKept) =>
        History.NoteLocked(attachment.Closed(ClientId, attachment.Connection.Settle(observed), isKept, _time));

    /// <param name="seconds">The session expiry interval.</param>
    /// <param name="isOver">Whether the session ends now if that is 0: then its end is stored with what it leaves to others.</param>
    private void ChangeExpiryLocked(uint seconds, bool isOver = false)
    {
        if (seconds != ExpirySeconds)
        {
            ExpirySeconds = seconds;
            if (seconds > 0 || !isOver)
            {
                _journal.PutExpiry(Identity, IsListed ? seconds : 0, Deliveries.HasTailLocked);
            }
        }
    }
}
