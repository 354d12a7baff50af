using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Outgoing;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Broker.Tracing;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Quotas;

namespace Cassini.Streams.Broker.Delivery;

/// <summary>
/// Decides which message of one session is sent next: what must be sent again, what waits, and the retained messages that its
/// subscriptions have still to get. Belongs to the session's lock; only <see cref="KeepsOrder"/> may be read without it.
/// </summary>
/// <remarks>
/// A subscription gets retained messages as fast as its client reads, and it must not get one after a newer message of its topic. So while
/// any are to come, a message that is being published has the retained one of its topic sent first, and a QoS 0 message does not overtake
/// what waits for that reason.
/// </remarks>
internal sealed class DeliveryScheduler(
    BrokerOptions options, MemoryTally tally, BrokerCounters counters, DeliveryLosses losses, TimeProvider time, SessionJournal journal,
    RetainedMessages retained)
{
    /// <summary>How many messages are sent under one lock, so that those that are being published need not wait long.</summary>
    private const int Slice = 64;

    private readonly WaitingMessages _waiting = new(options, tally, counters, journal);
    private readonly PacedDelivery _paced = new(losses, time);
    private bool _keepsOrder;
    private bool _isBurstsTurn;
    private long _sequence;
    private long _lastInOrder;
    private long _lastRestored;

    /// <summary>The retained messages that are still to come.</summary>
    public RetainedBursts Bursts { get; } = new(retained, tally.Memory);

    /// <summary>What was sent and is not acknowledged.</summary>
    public DeliveriesInFlight InFlight { get; } = new(options, tally, losses, time, journal);

    /// <summary>What was not sent yet, but for the retained messages.</summary>
    public WaitingMessages Waiting => _waiting;

    /// <summary>How many wait. All retained messages of one subscription count as one.</summary>
    public int Count => _waiting.Count + Bursts.Count;

    /// <summary>The bytes of what waits and what is in flight. Any thread.</summary>
    public long Bytes => _waiting.Bytes + InFlight.Bytes;

    /// <summary>Whether QoS 0 messages must come to <see cref="AddQoS0"/>. Any thread.</summary>
    public bool KeepsOrder => Volatile.Read(ref _keepsOrder);

    /// <summary>Whether QoS 0 messages must not overtake the oldest that waits.</summary>
    private bool HoldsQoS0 => _waiting.Count > 0 && _waiting.OldestSequence <= _lastInOrder;

    /// <summary>A subscription will get retained messages. Called before it is in the tree, so that none overtakes them.</summary>
    public void KeepOrder() => Volatile.Write(ref _keepsOrder, true);

    /// <summary>Sends a copy of a message that is just being published, or keeps it until it can be sent.</summary>
    /// <returns>False when there is no room for it.</returns>
    public bool TryAdd(
        ref Publication message, QualityOfService qos, Subscription subscription, MessageSpan? span, Attachment? to, FlushSet flushes) =>
        (!_keepsOrder || SendRetainedFirst(message.Topic, mayWait: true, to, flushes) == OutboxVerdict.Taken)
        && TryAdd(CopyOf(ref message, qos, subscription, span), to, flushes);

    /// <summary>The same with a QoS 0 message, for a session that has a connection.</summary>
    /// <returns>What became of it; null when it waits.</returns>
    public OutboxVerdict? AddQoS0(ref Publication message, Subscription subscription, MessageSpan? span, Attachment? to, FlushSet flushes)
    {
        if (SendRetainedFirst(message.Topic, mayWait: false, to, flushes) is var first and not OutboxVerdict.Taken)
        {
            return first;
        }

        if (to is not null && !HoldsQoS0)
        {
            ReviewOrder();
            return to.Outbox.Offer(message, subscription, flushes);
        }

        var copy = CopyOf(ref message, QualityOfService.AtMostOnce, subscription, span);
        if (!_waiting.TryAdd(copy, to is not null))
        {
            return OutboxVerdict.Full;
        }

        _lastInOrder = copy.Sequence;
        return null;
    }

    /// <summary>Sends what can be sent at once, up to a bounded number.</summary>
    /// <returns>Whether there may be more.</returns>
    public bool SendSlice(Attachment to, FlushSet flushes)
    {
        var atMost = Slice;
        if (!InFlight.TrySendAgain(to, ref atMost, flushes))
        {
            return atMost == 0;
        }

        for (; atMost > 0; atMost--)
        {
            if (!TrySendNext(to, flushes))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The client is away: what it would get of QoS 0 does not wait for it, but retained messages do.</summary>
    public void DropForConnection() => _waiting.DropForConnection();

    /// <summary>Drops everything.</summary>
    /// <param name="error">Why.</param>
    /// <returns>What was sent and not acknowledged, and what waited.</returns>
    public LeftMessages Clear(string error)
    {
        Bursts.Clear();
        var sent = InFlight.TakeAll();
        var (first, stored, last) = _waiting.TakeAll();
        foreach (var queued in sent.Concat(first).Concat(last))
        {
            queued.Release(tally, error);
        }

        return new LeftMessages(sent, first, stored, last);
    }

    /// <summary>Writes what the store keeps to it once more.</summary>
    /// <returns>How many there are.</returns>
    public int Rewrite() => InFlight.Rewrite() + _waiting.Rewrite();

    /// <summary>Restores what the store kept.</summary>
    public void Restore(in QueuedMessage queued, ushort packetId, DeliveryState state)
    {
        _lastRestored = _sequence = Math.Max(_sequence, queued.Sequence);
        if (state == DeliveryState.Done)
        {
            _waiting.Restore(queued);
        }
        else
        {
            queued.Hold(tally);
            InFlight.Restore(packetId, queued, state);
        }
    }

    /// <summary>Restores those that wait behind the others, and are in the store alone.</summary>
    public void Restore(StoredBacklog kept)
    {
        _lastRestored = _sequence = Math.Max(_sequence, kept.Last);
        _waiting.Restore(kept);
    }

    /// <summary>The sequence number of the last message.</summary>
    public long LastSequence => _sequence;

    /// <summary>Takes a message of the same session on another node: before the session is connected here.</summary>
    /// <returns>False when there is no room for it.</returns>
    public bool TryImport(in QueuedMessage message, ushort packetId = 0, DeliveryState state = DeliveryState.Done)
    {
        var queued = message with { Sequence = ++_sequence };
        _lastRestored = _sequence;
        if (state == DeliveryState.Done)
        {
            return _waiting.TryAdd(queued, isConnected: false);
        }

        queued.Hold(tally);
        journal.PutMessage(queued);
        journal.PutDelivery(queued.Sequence, packetId, state);
        InFlight.Restore(packetId, queued, state);
        return true;
    }

    /// <summary>A copy for <see cref="TryImport"/>.</summary>
    public QueuedMessage CopyWithoutSequence(ref Publication message, QualityOfService qos, Subscription subscription) => new(
        message.Store(time), qos, message.Retain && subscription.RetainAsPublished, subscription.Identifiers, 0, Span: null,
        subscription.Share);

    private QueuedMessage CopyOf(ref Publication message, QualityOfService qos, Subscription subscription, MessageSpan? span) => new(
        message.Store(time), qos, message.Retain && subscription.RetainAsPublished, subscription.Identifiers, ++_sequence, span,
        subscription.Share);

    private QueuedMessage CopyOf(StoredMessage message, QualityOfService qos, Subscription subscription) =>
        new(message, qos, Retain: true, subscription.Identifiers, ++_sequence, IsOfBurst: true);

    private bool TryAdd(in QueuedMessage queued, Attachment? to, FlushSet flushes)
    {
        // Older messages go first: those that wait, and those that must be sent again.
        if (to is null || _waiting.Count > 0 || InFlight.MustSendAgain || !InFlight.MaySendNew(to))
        {
            return _waiting.TryAdd(queued, to is not null);
        }

        Send(queued, to, flushes);
        return true;
    }

    private void Send(in QueuedMessage queued, Attachment to, FlushSet flushes)
    {
        queued.Hold(tally);
        journal.PutMessage(queued);
        InFlight.Send(to, queued, flushes);
    }

    /// <summary>
    /// Sends the retained message of a topic to each subscription that has still to get it, because a newer one follows. One that is too
    /// large for the client is settled too: a later connection may accept it, and must not get it after the newer one.
    /// </summary>
    /// <returns>Taken if the newer one may follow. Else why neither can be sent now: then this one comes in its turn.</returns>
    private OutboxVerdict SendRetainedFirst(Topic topic, bool mayWait, Attachment? to, FlushSet flushes)
    {
        if (Bursts.Count == 0 || Bursts.Find(topic, time.GetTimestamp()) is not { } found)
        {
            return OutboxVerdict.Taken;
        }

        while (Bursts.NextAhead(found) is { } burst)
        {
            if (!Bursts.MayTakeAhead(found))
            {
                return OutboxVerdict.Full;
            }

            var verdict = SendAhead(found.Message, burst.Subscription, mayWait, to, flushes);
            if (verdict is OutboxVerdict.Full or OutboxVerdict.Closed)
            {
                return verdict;
            }

            losses.Count(verdict, topic, burst.Subscription.Lower(found.Message.QoS));
            Bursts.TakeAhead(found, burst);
        }

        return OutboxVerdict.Taken;
    }

    private OutboxVerdict SendAhead(StoredMessage message, Subscription subscription, bool mayWait, Attachment? to, FlushSet flushes)
    {
        if (to is not null && !OutgoingMessage.MayFit(message, to.Outbox.Limits))
        {
            return OutboxVerdict.TooLarge;
        }

        var copy = CopyOf(message, subscription.Lower(message.QoS), subscription);
        var isQoS0 = copy.QoS == QualityOfService.AtMostOnce;
        if (isQoS0 && to is not null && _paced.SendAhead(copy, to, mayWait, flushes) is var verdict
            && (!mayWait || verdict is OutboxVerdict.Taken or OutboxVerdict.TooLarge))
        {
            return verdict;
        }

        var isTaken = isQoS0 ? _waiting.TryAdd(copy, to is not null) : TryAdd(copy, to, flushes);
        _lastInOrder = isTaken && _waiting.Count > 0 ? _sequence : _lastInOrder;
        return isTaken ? OutboxVerdict.Taken : OutboxVerdict.Full;
    }

    /// <summary>What waits and the retained messages take turns, so that neither holds up the other.</summary>
    private bool TrySendNext(Attachment to, FlushSet flushes)
    {
        if (!_keepsOrder)
        {
            return TrySendWaiting(to, flushes);
        }

        // What waited before a restart may be older than what is retained now.
        if (_waiting.Count > 0 && _waiting.OldestSequence <= _lastRestored)
        {
            return TrySendWaiting(to, flushes);
        }

        _isBurstsTurn = !_isBurstsTurn;
        var isSent = _isBurstsTurn
            ? TrySendRetained(to, flushes) || TrySendWaiting(to, flushes)
            : TrySendWaiting(to, flushes) || TrySendRetained(to, flushes);
        ReviewOrder();
        return isSent;
    }

    private void ReviewOrder() => Volatile.Write(ref _keepsOrder, Bursts.Count > 0 || HoldsQoS0);

    private bool TrySendWaiting(Attachment to, FlushSet flushes)
    {
        if (!_waiting.TryPeek(out var next))
        {
            return false;
        }

        var isQoS0 = next.QoS == QualityOfService.AtMostOnce;
        if (isQoS0 ? !to.Outbox.TakesMoreOfBurst() : !InFlight.MaySendNew(to))
        {
            return false;
        }

        var queued = _waiting.Dequeue();
        if (queued.Message.IsExpired(time.GetTimestamp()))
        {
            _waiting.Expire(queued);
        }
        else if (isQoS0)
        {
            var verdict = _paced.Send(queued, to, flushes);
            queued.Release(tally, verdict == OutboxVerdict.Taken ? null : verdict.ToString());
        }
        else
        {
            InFlight.Send(to, queued, flushes);
        }

        return true;
    }

    /// <returns>False when the client must read or acknowledge first; true also when only a part of the search was done.</returns>
    private bool TrySendRetained(Attachment to, FlushSet flushes)
    {
        if (Bursts.Current is not { } burst || !to.Outbox.TakesMoreOfBurst())
        {
            return false;
        }

        if (burst.Next(time.GetTimestamp()) is not { } message)
        {
            if (burst.IsAtEnd)
            {
                Bursts.EndCurrent();
                journal.EndRetained(burst.Subscription.Filter);
            }

            return true;
        }

        var qos = burst.Subscription.Lower(message.QoS);
        if (qos != QualityOfService.AtMostOnce && !InFlight.MaySendNew(to))
        {
            return false;
        }

        burst.Take();
        if (qos == QualityOfService.AtMostOnce)
        {
            _paced.Send(CopyOf(message, qos, burst.Subscription), to, flushes);
        }
        else
        {
            Send(CopyOf(message, qos, burst.Subscription), to, flushes);
        }

        return true;
    }
}
