using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Outgoing;
using Cassini.Streams.Broker.Tracing;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;

namespace Cassini.Streams.Broker.Sessions;

/// <summary>
/// The QoS 1 and 2 messages of one session on their way to its client: those that wait, those in flight, and their acknowledgements.
/// Thread-safe, by the session's lock.
/// </summary>
internal sealed class DeliveryQueue(
    Lock sessionLock, BrokerOptions options, MemoryBudget budget, BrokerCounters counters, DeliveryLosses losses, TimeProvider time,
    SessionJournal journal) : IOutboxSource
{
    private const long NothingToSendAgain = long.MaxValue;
    private const string SessionHasEnded = "the session has ended";

    private readonly WaitingMessages _waiting = new(options);
    private readonly InFlightWindow _window = new();
    private Attachment? _to;
    private bool _isOpen;
    private long _inFlightBytes;
    private long _sequence;
    private int _unacknowledged;
    private long _sendAgainFrom = NothingToSendAgain;

    /// <summary>Messages that wait for the client: in the queue, in flight, or in the outbox.</summary>
    public int Backlog
    {
        get
        {
            lock (sessionLock)
            {
                // A copy in flight may still be in the outbox: it counts once.
                return _waiting.Count + Math.Max(_window.Count, _to?.Outbox.Messages ?? 0);
            }
        }
    }

    /// <summary>About how many bytes these messages take; those in the outbox are left out.</summary>
    public long Bytes => _waiting.Bytes + Volatile.Read(ref _inFlightBytes);

    /// <summary>Sends a copy of a message that is just being published, or keeps it until it can be sent.</summary>
    public void Add(ref Publication message, QualityOfService qos, Subscription subscription, MessageSpan? span, FlushSet flushes)
    {
        lock (sessionLock)
        {
            if (_isOpen)
            {
                AddLocked(message.Store(time), qos, message.Retain && subscription.RetainAsPublished, subscription, span, flushes);
                span = null;
            }
        }

        span?.End(SessionHasEnded);
    }

    /// <summary>
    /// Sends a copy of a retained message with RETAIN set [MQTT-3.3.1-8], or keeps it until it can be sent. One that was replaced meanwhile
    /// is left out, because its publisher delivers the newer one.
    /// </summary>
    public void Add(StoredMessage message, QualityOfService qos, Subscription subscription, FlushSet flushes)
    {
        lock (sessionLock)
        {
            if (_isOpen && message.IsRetained)
            {
                AddLocked(message, qos, retain: true, subscription, span: null, flushes);
            }
        }
    }

    /// <summary>Handles PUBACK, PUBREC or PUBCOMP. What a connection reads after it has lost the session does not count.</summary>
    public void Acknowledge(AckPacket ack, Attachment from, FlushSet flushes)
    {
        lock (sessionLock)
        {
            if (_to == from)
            {
                AcknowledgeLocked(ack, from, flushes);
                SendMoreLocked(from, flushes);
            }
        }
    }

    /// <summary>A connection serves the session: sends what is in flight again, in order, then what waits, as far as it takes it.</summary>
    public void AttachLocked(Attachment to, FlushSet flushes)
    {
        (_to, _isOpen) = (to, true);
        to.Outbox.Source = this;
        (_unacknowledged, _sendAgainFrom) = (0, _window.MarkUnsent());
        SendMoreLocked(to, flushes);
    }

    /// <summary>No connection serves the session for now: messages wait.</summary>
    public void DetachLocked() => _to = null;

    /// <summary>Drops everything, because the session has ended. The store drops it with the session.</summary>
    /// <returns>What was sent and not acknowledged, and what waited.</returns>
    public (IEnumerable<QueuedMessage> Sent, IEnumerable<QueuedMessage> Waiting) EndLocked()
    {
        (_to, _isOpen, _inFlightBytes) = (null, false, 0);
        var (sent, waiting) = (_window.TakeAll(), _waiting.TakeAll());
        foreach (var queued in sent.Concat(waiting))
        {
            queued.Release(budget, SessionHasEnded);
        }

        return (sent, waiting);
    }

    /// <summary>Restores what the store kept, in its order.</summary>
    public void RestoreLocked(IEnumerable<(QueuedMessage Message, ushort PacketId, DeliveryState State)> kept)
    {
        _isOpen = true;
        foreach (var (queued, packetId, state) in kept)
        {
            queued.Hold(budget);
            _sequence = Math.Max(_sequence, queued.Sequence);
            if (state == DeliveryState.Done)
            {
                _waiting.Enqueue(queued);
                continue;
            }

            _window.Restore(packetId, queued, state);
            _inFlightBytes += queued.Message.Size;
        }
    }

    void IOutboxSource.OnDrained(Outbox from)
    {
        var flushes = new FlushSet();
        lock (sessionLock)
        {
            // What drains on a connection that has lost the session does not count.
            if (_to is { } to && to.Outbox == from)
            {
                SendMoreLocked(to, flushes);
            }
        }

        flushes.Flush();
    }

    private void AddLocked(StoredMessage message, QualityOfService qos, bool retain, Subscription by, MessageSpan? span, FlushSet flushes)
    {
        var queued = new QueuedMessage(message, qos, retain, by.Identifiers, ++_sequence, span, by.Share);

        // Older messages go first: those that wait, and those that must be sent again.
        var isNext = _waiting.Count == 0 && _sendAgainFrom == NothingToSendAgain;
        if (_to is { } to && isNext && MaySendNewLocked(to))
        {
            queued.Hold(budget);
            journal.PutMessage(queued);
            SendLocked(to, queued, flushes);
        }
        else if (_waiting.HasRoomFor(message) && (_to is not null || !budget.IsExhausted))
        {
            queued.Hold(budget);
            _waiting.Enqueue(queued);
            journal.PutMessage(queued);
        }
        else
        {
            losses.Count(OutboxVerdict.Full, message.Topic, qos);
            span?.End(nameof(OutboxVerdict.Full));
        }
    }

    private void AcknowledgeLocked(AckPacket ack, Attachment from, FlushSet flushes)
    {
        var place = _window.Find(ack.PacketId);
        var state = place >= 0 ? _window.At(place).State : DeliveryState.Done;
        switch (ack.Type, state)
        {
            case (PacketType.PubAck, DeliveryState.AwaitingPubAck):
            case (PacketType.PubComp, DeliveryState.AwaitingPubComp):
            case (PacketType.PubRec, DeliveryState.AwaitingPubRec) when ack.Reason >= ReasonCode.UnspecifiedError:
                // A PUBREC that rejects the message is not answered with PUBREL (§4.3.3).
                CompleteLocked(place);
                break;
            case (PacketType.PubRec, DeliveryState.AwaitingPubRec):
                _window.At(place).State = DeliveryState.AwaitingPubComp;
                journal.PutDelivery(_window.At(place).Queued.Sequence, ack.PacketId, DeliveryState.AwaitingPubComp);
                from.SendPubRel(ack.PacketId, ReasonCode.Success, flushes);
                break;
            case (PacketType.PubRec, _) when ack.Reason < ReasonCode.UnspecifiedError:
                // The client asks once more, perhaps because a PUBREL was lost.
                var isReleased = state == DeliveryState.AwaitingPubComp;
                from.SendPubRel(ack.PacketId, isReleased ? ReasonCode.Success : ReasonCode.PacketIdentifierNotFound, flushes);
                break;
        }
    }

    /// <summary>Whether one more may be in flight. What is in flight is sent again, however much: only that can make it less.</summary>
    private bool MaySendNewLocked(Attachment to) => !_window.IsFull && _inFlightBytes < options.MaxQueuedBytes && MaySendLocked(to);

    private bool MaySendLocked(Attachment to) =>
        _unacknowledged < to.SendMaximum && (!to.Outbox.IsBackedUp || !to.Outbox.NotifyWhenDrained());

    private void SendMoreLocked(Attachment to, FlushSet flushes)
    {
        if (!TrySendAgainLocked(to, flushes))
        {
            return;
        }

        while (_waiting.Count > 0 && MaySendNewLocked(to))
        {
            var queued = _waiting.Dequeue();
            if (queued.Message.IsExpired(time.GetTimestamp()))
            {
                ExpireLocked(queued);
            }
            else
            {
                SendLocked(to, queued, flushes);
            }
        }
    }

    /// <summary>It is too old before it could be sent [MQTT-3.3.2-5].</summary>
    private void ExpireLocked(in QueuedMessage queued)
    {
        counters.AddExpired();
        queued.Release(budget, "expired");
        journal.DeleteMessage(queued.Sequence);
    }

    /// <returns>False when not all of it could be sent.</returns>
    private bool TrySendAgainLocked(Attachment to, FlushSet flushes)
    {
        for (; _sendAgainFrom < _window.Tail; _sendAgainFrom++)
        {
            if (_sendAgainFrom >= _window.Head && _window.At(_sendAgainFrom) is { State: not DeliveryState.Done, IsSent: false })
            {
                if (!MaySendLocked(to))
                {
                    return false;
                }

                SendAgainLocked(to, _sendAgainFrom, flushes);
            }
        }

        _sendAgainFrom = NothingToSendAgain;
        return true;
    }

    private void SendAgainLocked(Attachment to, long place, FlushSet flushes)
    {
        _window.At(place).IsSent = true;
        _unacknowledged++;
        if (_window.At(place).State == DeliveryState.AwaitingPubComp)
        {
            to.SendPubRel(InFlightWindow.IdOf(place), ReasonCode.Success, flushes);
        }
        else
        {
            SendPublishLocked(to, place, dup: true, flushes);
        }
    }

    private void SendLocked(Attachment to, in QueuedMessage queued, FlushSet flushes)
    {
        var place = _window.Tail;
        var state = queued.QoS == QualityOfService.AtLeastOnce ? DeliveryState.AwaitingPubAck : DeliveryState.AwaitingPubRec;
        _window.Add(queued, state).IsSent = true;
        _inFlightBytes += queued.Message.Size;
        _unacknowledged++;
        journal.PutDelivery(queued.Sequence, InFlightWindow.IdOf(place), state);
        SendPublishLocked(to, place, dup: false, flushes);
    }

    private void SendPublishLocked(Attachment to, long place, bool dup, FlushSet flushes)
    {
        ref readonly var queued = ref _window.At(place).Queued;
        var copy = new OutgoingMessage(queued, queued.Message.SecondsLeft(time.GetTimestamp(), time), InFlightWindow.IdOf(place), dup);
        var verdict = to.Outbox.Offer(ref copy, flushes);
        if (verdict == OutboxVerdict.TooLarge)
        {
            losses.Count(verdict, queued.Message.Topic, queued.QoS);
            queued.Span?.End(nameof(OutboxVerdict.TooLarge));
            CompleteLocked(place);
        }
    }

    private void CompleteLocked(long place)
    {
        ref var entry = ref _window.At(place);
        _unacknowledged -= entry.IsSent ? 1 : 0;
        entry.Queued.Release(budget);
        _inFlightBytes -= entry.Queued.Message.Size;
        journal.DeleteMessage(entry.Queued.Sequence);
        _window.Complete(place);
    }
}
