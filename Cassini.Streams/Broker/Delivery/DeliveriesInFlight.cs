using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Outgoing;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Quotas;

namespace Cassini.Streams.Broker.Delivery;

/// <summary>
/// The QoS 1 and 2 messages of one session that were sent and are not acknowledged: sends them, handles their acknowledgements, and sends
/// them again on the next connection. Belongs to the session's lock.
/// </summary>
internal sealed class DeliveriesInFlight(
    BrokerOptions options, MemoryTally tally, DeliveryLosses losses, TimeProvider time, SessionJournal journal)
{
    private const long NothingToSendAgain = long.MaxValue;

    private readonly InFlightWindow _window = new();
    private long _bytes;
    private int _unacknowledged;
    private long _sendAgainFrom = NothingToSendAgain;

    /// <summary>How many are not acknowledged.</summary>
    public int Count => _window.Count;

    /// <summary>The bytes of these messages. Any thread may read it.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Whether some must be sent again: they go before all others.</summary>
    public bool MustSendAgain => _sendAgainFrom != NothingToSendAgain;

    /// <summary>
    /// Whether one more may be in flight. While its identity has more than its share of memory, one at a time may. What is in flight is
    /// sent again, however much: only that can make it less.
    /// </summary>
    public bool MaySendNew(Attachment to) =>
        !_window.IsFull && _bytes < options.MaxQueuedBytes && !(Count > 0 && tally.Memory.IsOverShare) && MaySend(to);

    /// <summary>Whether as many are in flight as the client takes at once.</summary>
    public bool IsWindowFull(Attachment to) => _unacknowledged >= to.SendMaximum;

    /// <summary>Sends a message for the first time.</summary>
    public void Send(Attachment to, in QueuedMessage queued, FlushSet flushes)
    {
        var place = _window.Tail;
        var state = queued.QoS == QualityOfService.AtLeastOnce ? DeliveryState.AwaitingPubAck : DeliveryState.AwaitingPubRec;
        _window.Add(queued, state).IsSent = true;
        _bytes += queued.Message.Size;
        _unacknowledged++;
        journal.PutDelivery(queued.Sequence, InFlightWindow.IdOf(place), state);
        SendPublish(to, place, dup: false, flushes);
    }

    /// <summary>Another connection begins: all must be sent again on it.</summary>
    public void BeginAgain()
    {
        _unacknowledged = 0;
        _sendAgainFrom = _window.MarkUnsent();
    }

    /// <summary>Sends again what was sent on an earlier connection, in order.</summary>
    /// <param name="to">The connection.</param>
    /// <param name="atMost">How many may be sent; what was sent is subtracted.</param>
    /// <param name="flushes">Where to note that there is something to send.</param>
    /// <returns>False when not all of it could be sent.</returns>
    public bool TrySendAgain(Attachment to, ref int atMost, FlushSet flushes)
    {
        for (; _sendAgainFrom < _window.Tail; _sendAgainFrom++)
        {
            if (_sendAgainFrom >= _window.Head && _window.At(_sendAgainFrom) is { State: not DeliveryState.Done, IsSent: false })
            {
                if (atMost == 0 || !MaySend(to))
                {
                    return false;
                }

                atMost--;
                SendAgain(to, _sendAgainFrom, flushes);
            }
        }

        _sendAgainFrom = NothingToSendAgain;
        return true;
    }

    /// <summary>Handles PUBACK, PUBREC or PUBCOMP.</summary>
    /// <returns>What is wrong with it; null when it may come.</returns>
    public ProtocolViolation? Acknowledge(AckPacket ack, Attachment from, FlushSet flushes)
    {
        var place = _window.Find(ack.PacketId);
        var state = place >= 0 ? _window.At(place).State : DeliveryState.Done;
        switch (AcknowledgementRules.MeaningOf(ack, state))
        {
            case AcknowledgementMeaning.Complete:
                Complete(place);
                break;
            case AcknowledgementMeaning.Received:
                _window.At(place).State = DeliveryState.AwaitingPubComp;
                journal.PutDelivery(_window.At(place).Queued.Sequence, ack.PacketId, DeliveryState.AwaitingPubComp);
                from.SendPubRel(ack.PacketId, ReasonCode.Success, flushes, journal.LastTicket);
                break;
            case AcknowledgementMeaning.ReceivedBefore:
                from.SendPubRel(ack.PacketId, ReasonCode.Success, flushes, journal.LastTicket);
                break;
            case AcknowledgementMeaning.ReceivedUnknown:
                from.SendPubRel(ack.PacketId, ReasonCode.PacketIdentifierNotFound, flushes);
                break;
            case AcknowledgementMeaning.Contradiction:
                return AcknowledgementRules.Contradiction(ack, state);
        }

        return null;
    }

    /// <summary>All of them, in their order.</summary>
    public IEnumerable<(QueuedMessage Queued, ushort PacketId, DeliveryState State)> All()
    {
        for (var place = _window.Head; place < _window.Tail; place++)
        {
            if (_window.At(place) is { State: not DeliveryState.Done } entry)
            {
                yield return (entry.Queued, InFlightWindow.IdOf(place), entry.State);
            }
        }
    }

    /// <summary>Writes all to the store once more, in their order.</summary>
    /// <returns>How many there are.</returns>
    public int Rewrite()
    {
        for (var place = _window.Head; place < _window.Tail; place++)
        {
            if (_window.At(place) is { State: not DeliveryState.Done } entry)
            {
                journal.PutAgain(entry.Queued, InFlightWindow.IdOf(place), entry.State);
            }
        }

        return Count;
    }

    /// <summary>Restores what the store kept.</summary>
    public void Restore(ushort packetId, in QueuedMessage queued, DeliveryState state)
    {
        _window.Restore(packetId, queued, state);
        _bytes += queued.Message.Size;
    }

    /// <summary>Takes everything out.</summary>
    public List<QueuedMessage> TakeAll()
    {
        _bytes = 0;
        return _window.TakeAll();
    }

    private bool MaySend(Attachment to) =>
        _unacknowledged < to.SendMaximum && (!to.Outbox.IsBackedUp || !to.Outbox.NotifyWhenDrained());

    private void SendAgain(Attachment to, long place, FlushSet flushes)
    {
        _window.At(place).IsSent = true;
        _unacknowledged++;
        if (_window.At(place).State == DeliveryState.AwaitingPubComp)
        {
            to.SendPubRel(InFlightWindow.IdOf(place), ReasonCode.Success, flushes, journal.LastTicket);
        }
        else
        {
            SendPublish(to, place, dup: true, flushes);
        }
    }

    private void SendPublish(Attachment to, long place, bool dup, FlushSet flushes)
    {
        ref readonly var queued = ref _window.At(place).Queued;
        var copy = new OutgoingMessage(queued, queued.Message.SecondsLeft(time.GetTimestamp(), time), InFlightWindow.IdOf(place), dup);
        var verdict = to.Outbox.Offer(ref copy, flushes, after: After(queued.QoS));
        if (verdict == OutboxVerdict.TooLarge)
        {
            losses.Count(verdict, queued.Message.Topic, queued.QoS);
            queued.Span?.End(nameof(OutboxVerdict.TooLarge));
            Complete(place);
        }
    }

    /// <summary>
    /// What must be durable before a message is sent. One of QoS 2 must have its identifier: else that might be given to another message
    /// after a crash, which the client would take for a repetition.
    /// </summary>
    private long After(QualityOfService qos) => qos == QualityOfService.ExactlyOnce ? journal.LastTicket : 0;

    private void Complete(long place)
    {
        ref var entry = ref _window.At(place);
        _unacknowledged -= entry.IsSent ? 1 : 0;
        entry.Queued.Release(tally);
        _bytes -= entry.Queued.Message.Size;
        journal.DeleteMessage(entry.Queued.Sequence);
        _window.Complete(place);
    }
}
