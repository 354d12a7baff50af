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
    private const string SessionHasEnded = "the session has ended";

    private readonly WaitingMessages _waiting = new(options);
    private readonly DeliveriesInFlight _inFlight = new(options, budget, losses, time, journal);
    private Attachment? _to;
    private bool _isOpen;
    private long _sequence;

    /// <summary>Messages that wait for the client: in the queue, in flight, or in the outbox.</summary>
    public int Backlog
    {
        get
        {
            lock (sessionLock)
            {
                // A copy in flight may still be in the outbox: it counts once.
                return _waiting.Count + Math.Max(_inFlight.Count, _to?.Outbox.Messages ?? 0);
            }
        }
    }

    /// <summary>About how many bytes these messages take; those in the outbox are left out.</summary>
    public long Bytes => _waiting.Bytes + _inFlight.Bytes;

    /// <summary>Sends a copy of a message that is just being published, or keeps it until it can be sent.</summary>
    public void Add(ref Publication message, QualityOfService qos, Subscription subscription, MessageSpan? span, FlushSet flushes)
    {
        lock (sessionLock)
        {
            if (_isOpen)
            {
                AddLocked(message.Store(time), qos, message.Retain && subscription.RetainAsPublished, subscription, span, flushes);
                return;
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
    /// <returns>What is wrong with it; null when it may come.</returns>
    public ProtocolViolation? Acknowledge(AckPacket ack, Attachment from, FlushSet flushes)
    {
        lock (sessionLock)
        {
            if (_to != from)
            {
                return null;
            }

            var violation = _inFlight.Acknowledge(ack, from, flushes);
            if (violation is null)
            {
                SendMoreLocked(from, flushes);
            }

            return violation;
        }
    }

    /// <summary>A connection serves the session: sends what is in flight again, in order, then what waits, as far as it takes it.</summary>
    public void AttachLocked(Attachment to, FlushSet flushes)
    {
        _to = to;
        _isOpen = true;
        to.Outbox.Source = this;
        _inFlight.BeginAgain();
        SendMoreLocked(to, flushes);
    }

    /// <summary>No connection serves the session for now: messages wait.</summary>
    public void DetachLocked() => _to = null;

    /// <summary>Drops everything, because the session has ended. The store drops it with the session.</summary>
    /// <returns>What was sent and not acknowledged, and what waited.</returns>
    public (IEnumerable<QueuedMessage> Sent, IEnumerable<QueuedMessage> Waiting) EndLocked()
    {
        _to = null;
        _isOpen = false;
        var (sent, waiting) = (_inFlight.TakeAll(), _waiting.TakeAll());
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
            }
            else
            {
                _inFlight.Restore(packetId, queued, state);
            }
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

    private void AddLocked(
        StoredMessage message, QualityOfService qos, bool retain, Subscription subscription, MessageSpan? span, FlushSet flushes)
    {
        var queued = new QueuedMessage(message, qos, retain, subscription.Identifiers, ++_sequence, span, subscription.Share);

        // Older messages go first: those that wait, and those that must be sent again.
        var isNext = _waiting.Count == 0 && !_inFlight.MustSendAgain;
        if (_to is { } to && isNext && _inFlight.MaySendNew(to))
        {
            queued.Hold(budget);
            journal.PutMessage(queued);
            _inFlight.Send(to, queued, flushes);
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

    private void SendMoreLocked(Attachment to, FlushSet flushes)
    {
        var atMost = int.MaxValue;
        if (!_inFlight.TrySendAgain(to, ref atMost, flushes))
        {
            return;
        }

        while (_waiting.Count > 0 && _inFlight.MaySendNew(to))
        {
            var queued = _waiting.Dequeue();
            if (queued.Message.IsExpired(time.GetTimestamp()))
            {
                ExpireLocked(queued);
            }
            else
            {
                _inFlight.Send(to, queued, flushes);
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
}
