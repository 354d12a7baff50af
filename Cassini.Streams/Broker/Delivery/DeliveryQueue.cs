using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Outgoing;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Broker.Tracing;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Quotas;

namespace Cassini.Streams.Broker.Delivery;

/// <summary>
/// The messages of one session on their way to its client: those of QoS 1 and 2, the retained messages that its subscriptions have still to
/// get, and the QoS 0 messages that must come after one of these. Thread-safe, by the session's lock.
/// </summary>
internal sealed class DeliveryQueue : IOutboxSource
{
    /// <summary>The steps of what is sent, and searched for, under one lock.</summary>
    private const int StepsOfALock = 256;

    private const string SessionHasEnded = "the session has ended";

    /// <summary>Longer than a node that is slow can be before it is given up, as a rule.</summary>
    private static readonly TimeSpan SecondsComeWithin = TimeSpan.FromMinutes(5);

    /// <summary>What is being written is taken at once by a client that reads.</summary>
    private static readonly TimeSpan NotReadingAfter = TimeSpan.FromSeconds(5);

    private readonly Lock _lock;
    private readonly AccountMemory _memory;
    private readonly DeliveryLosses _losses;
    private readonly TimeProvider _time;
    private readonly SessionJournal _journal;
    private readonly IdentityWork _work;
    private readonly DeliveryScheduler _scheduler;
    private readonly DurableWatch _watch;
    private readonly StoredTailReading _reading;
    private Attachment? _to;
    private Attachment? _expected;
    private readonly BrokerOptions _options;
    private Leaving? _leaving;
    private Arriving? _arriving;
    private HashSet<ulong>? _twice;
    private long _arrivedAt;
    private bool _isOpen;
    private bool _takesShares = true;
    private bool _goesOn;

    public DeliveryQueue(
        Lock sessionLock, BrokerOptions options, AccountMemory memory, BrokerCounters counters, DeliveryLosses losses, TimeProvider time,
        SessionJournal journal, RetainedMessages retained, IdentityWork work, Action<Exception> failed)
    {
        _lock = sessionLock;
        _options = options;
        _memory = memory;
        _losses = losses;
        _time = time;
        _journal = journal;
        _work = work;
        _scheduler = new DeliveryScheduler(options, new MemoryTally(memory), counters, losses, time, journal, retained);
        _watch = new DurableWatch(sessionLock, _scheduler.Waiting, journal);
        _reading = new StoredTailReading(sessionLock, _scheduler.Waiting, journal, GoOnLater, failed);
    }

    /// <summary>Messages that wait for the client: in the queue, in flight, or in the outbox.</summary>
    public int Backlog
    {
        get
        {
            lock (_lock)
            {
                return WaitingLocked + InFlightLocked;
            }
        }
    }

    /// <summary>How many wait for the client. All retained messages of one subscription count as one.</summary>
    /// <remarks>A copy in flight may still be in the outbox: it does not count here.</remarks>
    public int WaitingLocked => _scheduler.Count + Math.Max(0, (_to?.Outbox.Messages ?? 0) - InFlightLocked);

    /// <summary>How many were sent and are not acknowledged.</summary>
    public int InFlightLocked => _scheduler.InFlight.Count;

    /// <summary>Why its client does not keep up; null while it does, and while there is none.</summary>
    public SlowReason? SlowLocked => _to is not { } to ? null
        : to.Outbox.Stalled >= NotReadingAfter ? SlowReason.NotReading
        : _scheduler.Count >= InFlightLocked && _scheduler.Count > 0 && _scheduler.InFlight.IsWindowFull(to) ? SlowReason.NotAcknowledging
        : to.Outbox.IsBackedUp ? SlowReason.Behind
        : null;

    /// <summary>About how many bytes these messages take; those in the outbox are left out.</summary>
    public long Bytes => _scheduler.Bytes;

    /// <summary>About how many bytes these messages take in the store, at most. Any thread.</summary>
    public long StoredBytes => _scheduler.Bytes + (_scheduler.Waiting.Tail?.StoredBytes ?? 0);

    /// <summary>Whether QoS 0 messages must come to <see cref="AddQoS0"/>.</summary>
    public bool KeepsOrder => _scheduler.KeepsOrder;

    /// <summary>Whether some of its messages are in the store alone, or will be.</summary>
    public bool HasTailLocked => _scheduler.Waiting.Tail is not null;

    /// <summary>Sends a copy of a QoS 1 or 2 message that is just being published, or keeps it until it can be sent.</summary>
    /// <returns>
    /// False when the session has ended, or when it is of a shared subscription and the session is on another node by now.
    /// </returns>
    public bool Add(ref Publication message, QualityOfService qos, Subscription subscription, MessageSpan? span, FlushSet flushes)
    {
        lock (_lock)
        {
            if (_arriving is not null)
            {
                // Nobody else has what is of a shared subscription.
                if (subscription.Share is not null || _arriving.IsOpen(message.Peer))
                {
                    _arriving.Keep(_scheduler.CopyWithoutSequence(ref message, qos, subscription), message.Origin);
                }

                span?.End(null);
                return true;
            }

            if (_twice is not null && message.Peer is not null && IsSecondLocked(message.Origin))
            {
                span?.End(null);
                return true;
            }

            if (_isOpen && (_takesShares || subscription.Share is null))
            {
                if (!_scheduler.TryAdd(ref message, qos, subscription, span, _to, flushes))
                {
                    _losses.Count(OutboxVerdict.Full, message.Topic, qos);
                    span?.End(nameof(OutboxVerdict.Full));
                }

                _leaving?.Note(_scheduler.LastSequence, message.Origin);
                _watch.ReviewLocked();
                return true;
            }
        }

        span?.End(SessionHasEnded);
        return false;
    }

    /// <summary>Sends a copy of a QoS 0 message that is just being published, unless another must come before it: then it waits.</summary>
    public void AddQoS0(ref Publication message, Subscription subscription, Attachment to, MessageSpan? span, FlushSet flushes)
    {
        OutboxVerdict? verdict;
        lock (_lock)
        {
            verdict = _expected == to
                ? _scheduler.AddQoS0(ref message, subscription, span, _to, flushes)
                : OutboxVerdict.Closed;

            // It may have sent a retained one ahead.
            _watch.ReviewLocked();
        }

        if (verdict is { } decided)
        {
            _losses.Count(decided, message.Topic, QualityOfService.AtMostOnce);
            span?.End(decided == OutboxVerdict.Taken ? null : $"{decided}");
        }
    }

    /// <summary>Handles PUBACK, PUBREC or PUBCOMP. What a connection reads after it has lost the session does not count.</summary>
    /// <returns>What is wrong with it; null when it may come.</returns>
    public ProtocolViolation? Acknowledge(AckPacket ack, Attachment from, FlushSet flushes)
    {
        bool mayBeMore;
        bool wantsMore;
        lock (_lock)
        {
            if (_to != from)
            {
                return null;
            }

            if (_scheduler.InFlight.Acknowledge(ack, from, flushes) is { } violation)
            {
                return violation;
            }

            mayBeMore = _scheduler.SendSlice(from, flushes);
            wantsMore = _reading.BeginLocked(_to is not null);
        }

        _reading.Go(wantsMore);
        if (mayBeMore)
        {
            // As a part of the batch: that is counted.
            SendPieceOrLater(from, flushes);
        }

        return null;
    }

    /// <summary>
    /// Sends what the client takes at once, and gives the lock back after each slice of it: others must be able to publish meanwhile. When
    /// that is much work, or its identity is busy, it goes on with it later, and others have the thread before.
    /// </summary>
    public void SendMore(Attachment to, FlushSet flushes)
    {
        using (_work.Begin(_memory.Account, isInTurn: false))
        {
            SendPieceOrLater(to, flushes);
        }
    }

    /// <summary>
    /// The answers to SUBSCRIBE are sent: the retained messages follow, on the connection that serves the session now, because the one that
    /// has subscribed may have lost it.
    /// </summary>
    public void SendRetained(FlushSet flushes)
    {
        Attachment? to;
        lock (_lock)
        {
            _scheduler.Bursts.Start();
            to = _scheduler.Bursts.Count > 0 ? _to : null;
        }

        if (to is not null)
        {
            SendMore(to, flushes);
        }
    }

    /// <summary>
    /// A subscription will get retained messages. Called before it is in the tree: from then on no message that it gets may overtake them.
    /// </summary>
    public void ExpectRetainedLocked() => _scheduler.KeepOrder();

    /// <summary>The subscription is in the tree. It gets the retained messages after <see cref="SendRetained"/>.</summary>
    /// <param name="subscription">The subscription; not shared.</param>
    /// <param name="upTo">The last number that it gets, in the order of retained messages and subscriptions.</param>
    public void AddRetainedLocked(Subscription subscription, long upTo) => _scheduler.Bursts.Add(subscription, upTo);

    /// <summary>Whether a subscription has still to get retained messages.</summary>
    public bool AwaitsRetainedLocked(string filter) => _scheduler.Bursts.Contains(filter);

    /// <summary>A subscription was made again and is to get no retained messages but those that are still to come.</summary>
    public void ReplaceRetainedLocked(Subscription subscription) => _scheduler.Bursts.Replace(subscription);

    /// <summary>A subscription is no more: it gets no further retained messages.</summary>
    public void RemoveRetainedLocked(string filter) => _scheduler.Bursts.Remove(filter);

    /// <summary>The connection that serves the session has changed: messages wait until <see cref="AttachLocked"/>.</summary>
    /// <param name="next">The new one; null when there is none for now.</param>
    public void DetachLocked(Attachment? next)
    {
        _to = null;
        _expected = next;
        _scheduler.DropForConnection();
    }

    /// <summary>
    /// Messages may be sent on the new connection: first once more what is in flight, in order, then the rest. <see cref="SendMore"/> sends
    /// them.
    /// </summary>
    public void AttachLocked(Attachment to)
    {
        _to = to;
        _isOpen = true;
        to.Outbox.Source = this;
        _scheduler.InFlight.BeginAgain();

        // An answer to SUBSCRIBE that an earlier connection has not sent is not sent any more.
        _scheduler.Bursts.Start();
    }

    /// <summary>Drops everything, because the session has ended. The store drops it with the session.</summary>
    /// <returns>What was sent and not acknowledged, and what waited.</returns>
    public LeftMessages EndLocked()
    {
        _to = null;
        _expected = null;
        _isOpen = false;
        _arriving?.TakeAll();
        _arriving = null;
        return _scheduler.Clear(SessionHasEnded);
    }

    /// <summary>Writes all of QoS 1 and 2 to the store once more.</summary>
    /// <returns>How many there are.</returns>
    public int RewriteLocked() => _scheduler.Rewrite();

    /// <summary>Restores what the store kept, in its order.</summary>
    public void RestoreLocked(
        IEnumerable<(QueuedMessage Message, ushort PacketId, DeliveryState State)> kept, StoredBacklog? backlog)
    {
        _isOpen = true;
        foreach (var (queued, packetId, state) in kept)
        {
            _scheduler.Restore(queued, packetId, state);
        }

        if (backlog is not null)
        {
            _scheduler.Restore(backlog);
        }
    }

    /// <summary>The session is to move to another node, or stays after all.</summary>
    public void SetLeavingLocked(bool isLeaving)
    {
        _leaving = isLeaving ? _leaving ?? new Leaving() : null;
        _scheduler.Waiting.IsFrozen = isLeaving;
    }

    /// <summary>Whether it gets messages of shared subscriptions.</summary>
    public void SetTakesSharesLocked(bool takesShares) => _takesShares = takesShares;

    /// <summary>Reads what it has, for another node.</summary>
    /// <inheritdoc cref="SessionExport.ReadAsync"/>
    public IAsyncEnumerable<MovedMessage> ExportAsync(CancellationToken cancellationToken) =>
        new SessionExport(_lock, _scheduler, _journal).ReadAsync(sequence => _leaving?.OriginOf(sequence) ?? 0, cancellationToken);

    /// <summary>The sequence number of the last message.</summary>
    public long LastSequence
    {
        get
        {
            lock (_lock)
            {
                return _scheduler.LastSequence;
            }
        }
    }

    /// <summary>Drops messages that wait, by their sequence numbers: another node has them.</summary>
    public void Remove(IEnumerable<long> sequences)
    {
        var all = sequences.ToHashSet();
        lock (_lock)
        {
            _scheduler.Waiting.Remove(all);
        }
    }

    /// <summary>The session moves here: until <see cref="TryEndArrivalLocked"/> what is published for it is kept apart.</summary>
    public void BeginArrivalLocked() => _arriving = new Arriving(_options, new MemoryTally(_memory));

    /// <summary>What a peer sends is taken from now on, while the session moves here.</summary>
    /// <param name="peer">The peer; null for what is published here.</param>
    public void OpenArrival(Subscriber? peer)
    {
        lock (_lock)
        {
            _arriving?.Open(peer);
        }
    }

    /// <summary>Takes a message that it had on the other node.</summary>
    /// <returns>False when there is no room for it.</returns>
    public bool TryImportLocked(in MovedMessage moved)
    {
        _arriving!.Come(moved.Origin);
        var isTaken = _scheduler.TryImport(moved.Message, moved.PacketId, moved.State);
        _watch.ReviewLocked();
        return isTaken;
    }

    /// <summary>All that it had has come: what was published meanwhile follows.</summary>
    /// <returns>False when there was no room for all of it.</returns>
    public bool TryEndArrivalLocked()
    {
        var hasAll = !_arriving!.HasLost;
        foreach (var queued in _arriving.TakeAll())
        {
            hasAll = hasAll && _scheduler.TryImport(queued);
        }

        (_twice, _arrivedAt) = (_arriving.StillToCome, _time.GetTimestamp());
        _arriving = null;
        _isOpen = true;
        _watch.ReviewLocked();
        return hasAll;
    }

    /// <summary>
    /// Whether a message has come with the session already. Some never come again, so it is not looked for longer than a while.
    /// </summary>
    private bool IsSecondLocked(ulong origin)
    {
        var isSecond = _twice!.Remove(origin);
        if (_twice.Count == 0 || _time.GetElapsedTime(_arrivedAt) > SecondsComeWithin)
        {
            _twice = null;
        }

        return isSecond;
    }

    /// <summary>Writes once more what is in the store alone, after <see cref="RewriteLocked"/>.</summary>
    /// <inheritdoc cref="StoredTailRewrite.RunAsync"/>
    public ValueTask RewriteStoredAsync(CancellationToken cancellationToken) =>
        new StoredTailRewrite(_lock, _scheduler.Waiting, _journal).RunAsync(cancellationToken);

    /// <summary>Sends a piece of it, as part of work that is counted.</summary>
    private void SendPiece(Attachment to, FlushSet flushes)
    {
        var slice = new WorkSlice(_time);
        bool mayBeMore;
        do
        {
            bool wantsMore;
            lock (_lock)
            {
                // Nothing is sent on a connection that has lost the session.
                mayBeMore = _to == to && _scheduler.SendSlice(to, flushes);
                wantsMore = _reading.BeginLocked(_to is not null);
            }

            _reading.Go(wantsMore);

            slice.Take(StepsOfALock);
        }
        while (mayBeMore && !slice.IsOver);

        if (mayBeMore)
        {
            GoOnLater();
        }
    }

    private void SendPieceOrLater(Attachment to, FlushSet flushes)
    {
        if (_work.IsBusy(_memory.Account))
        {
            GoOnLater();
        }
        else
        {
            SendPiece(to, flushes);
        }
    }

    private void GoOnLater()
    {
        if (!Interlocked.Exchange(ref _goesOn, true))
        {
            _work.Queue(_memory.Account, GoOn);
        }
    }

    private void GoOn()
    {
        // Before it sends: what stops after this is gone on with once more.
        Interlocked.Exchange(ref _goesOn, false);
        Attachment? to;
        lock (_lock)
        {
            to = _to;
        }

        to?.Outbox.Notify();
    }

    void IOutboxSource.OnDrained(Outbox from)
    {
        Attachment? to;
        lock (_lock)
        {
            // What drains on a connection that has lost the session does not count.
            to = _to?.Outbox == from ? _to : null;
        }

        if (to is not null)
        {
            var flushes = new FlushSet();
            SendPiece(to, flushes);

            // Not on this thread: what it does is counted already.
            flushes.Flush(inline: false);
        }
    }
}
