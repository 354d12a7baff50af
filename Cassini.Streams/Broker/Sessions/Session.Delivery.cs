using Cassini.Streams.Broker.Connections;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Outgoing;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Mqtt.Properties;

namespace Cassini.Streams.Broker.Sessions;

/// <content>Messages to the client: the queue, the window in flight, and the acknowledgements.</content>
internal sealed partial class Session
{
    /// <summary>An empty queue that was longer gives its memory back.</summary>
    private const int KeptCapacity = 64;

    /// <summary>What one copy takes beside the message that it shares: its places in the queue, the window and the store.</summary>
    private const int CopyCost = 160;

    private const long NothingToSendAgain = long.MaxValue;

    private readonly InFlightWindow _window = new();
    private Queue<QueuedMessage>? _pending;
    private HashSet<ushort>? _received;
    private long _pendingBytes;
    private long _windowBytes;
    private long _sequence;
    private int _unacknowledged;
    private long _sendAgainFrom = NothingToSendAgain;
    private long _dropped;

    /// <summary>Messages that wait for the client: in the queue, in flight, or on their way out.</summary>
    public int Backlog
    {
        get
        {
            lock (_lock)
            {
                // A copy in flight may still be in the outbox: it is one.
                return (_pending?.Count ?? 0) + Math.Max(_window.Count, _connection?.Outbox.Messages ?? 0);
            }
        }
    }

    /// <summary>How many copies it lost since it was asked last.</summary>
    public long TakeDropped() => Interlocked.Exchange(ref _dropped, 0);

    public override void Deliver(ref Publication message, Subscription subscription, FlushSet flushes)
    {
        var qos = message.QoS < subscription.QoS ? message.QoS : subscription.QoS;
        if (qos == QualityOfService.AtMostOnce)
        {
            // Who is not here gets no QoS 0 message.
            if (Connection is { } connection)
            {
                var handed = message.Trace?.StartDelivery(ClientId, qos);
                var verdict = connection.Outbox.Offer(ref message, subscription, flushes);
                handed?.End(verdict == OutboxVerdict.Taken ? null : $"{verdict}");
                Count(verdict, message.Topic, qos);
            }

            return;
        }

        var retain = message.Retain && subscription.RetainAsPublished;
        var span = message.Trace?.StartDelivery(ClientId, qos);
        lock (_lock)
        {
            if (!_ended && (_connection is not null || ExpirySeconds > 0))
            {
                Queue(message.Store(time), qos, retain, subscription.Identifiers, flushes, span);
                return;
            }
        }

        span?.End("the session has ended");
    }

    /// <summary>Delivers a retained message for a new subscription, with RETAIN set [MQTT-3.3.1-8].</summary>
    public void DeliverRetained(StoredMessage message, Subscription subscription, FlushSet flushes)
    {
        var qos = message.QoS < subscription.QoS ? message.QoS : subscription.QoS;
        lock (_lock)
        {
            if (_ended)
            {
                return;
            }

            if (qos != QualityOfService.AtMostOnce)
            {
                Queue(message, qos, retain: true, subscription.Identifiers, flushes);
            }
            else if (_connection is { } connection)
            {
                var writer = Writer(new QueuedMessage(message, qos, Retain: true, subscription.Identifiers, 0), time.GetTimestamp());
                Count(connection.Outbox.Offer(ref writer, message.Topic, mayDrop: true, flushes), message.Topic, qos);
            }
        }
    }

    /// <summary>PUBACK, PUBREC or PUBCOMP from the client.</summary>
    public void Acknowledge(AckPacket ack, ClientConnection from, FlushSet flushes)
    {
        lock (_lock)
        {
            if (_connection != from)
            {
                return;
            }

            var place = _window.Find(ack.PacketId);
            switch (ack.Type)
            {
                case PacketType.PubAck when place >= 0 && _window.At(place).State == DeliveryState.AwaitingPubAck:
                case PacketType.PubComp when place >= 0 && _window.At(place).State == DeliveryState.AwaitingPubComp:
                    Complete(place);
                    break;
                case PacketType.PubRec when place >= 0 && _window.At(place).State == DeliveryState.AwaitingPubRec:
                    if (ack.Reason >= ReasonCode.UnspecifiedError)
                    {
                        // Refused: no PUBREL follows (§4.3.3).
                        Complete(place);
                    }
                    else
                    {
                        Release(place, from, flushes);
                    }

                    break;
                case PacketType.PubRec when ack.Reason < ReasonCode.UnspecifiedError:
                    // Also when PUBREL was sent already: the client asks once more.
                    var isReleased = place >= 0 && _window.At(place).State == DeliveryState.AwaitingPubComp;
                    var reason = isReleased ? ReasonCode.Success : ReasonCode.PacketIdentifierNotFound;
                    Answer(from, new AckPacket(PacketType.PubRel, ack.PacketId, reason), flushes);
                    break;
            }

            SendMore(from, flushes);
        }
    }

    /// <summary>Notes a QoS 2 message from the client.</summary>
    /// <param name="packetId">Its packet identifier.</param>
    /// <param name="max">How many may be under way.</param>
    /// <param name="from">Who brings it: what a connection still reads after it lost the session counts for nothing.</param>
    public ReceiveVerdict Receive(ushort packetId, int max, ClientConnection from)
    {
        lock (_lock)
        {
            if (_connection != from)
            {
                return ReceiveVerdict.TakenOver;
            }

            _received ??= [];
            if (_received.Contains(packetId))
            {
                return ReceiveVerdict.Repeated;
            }

            if (_received.Count >= max)
            {
                return ReceiveVerdict.TooMany;
            }

            _received.Add(packetId);
            if (IsStored)
            {
                store.PutReceived(ClientId, packetId);
            }

            return ReceiveVerdict.New;
        }
    }

    /// <summary>Whether a QoS 2 message came before under this identifier, and was not released yet.</summary>
    public bool HasReceived(ushort packetId)
    {
        lock (_lock)
        {
            return _received?.Contains(packetId) is true;
        }
    }

    /// <summary>PUBREL from the client, or a QoS 2 message that was refused.</summary>
    /// <returns>Whether the message was known.</returns>
    public bool ForgetReceived(ushort packetId, ClientConnection from)
    {
        lock (_lock)
        {
            var known = _connection == from && _received?.Remove(packetId) is true;
            if (known && IsStored)
            {
                store.DeleteReceived(ClientId, packetId);
            }

            return known;
        }
    }

    private void Queue(StoredMessage message, QualityOfService qos, bool retain, int[] identifiers, FlushSet flushes, MessageSpan? span = null)
    {
        var queued = new QueuedMessage(message, qos, retain, identifiers, ++_sequence, span);

        // What came before goes before: what waits, and what must be sent again.
        if (_connection is { } connection && _pending is null or { Count: 0 } && _sendAgainFrom == NothingToSendAgain && MaySendNew(connection))
        {
            Hold(message);
            if (IsStored)
            {
                store.PutMessage(ClientId, queued);
            }

            Send(connection, queued, flushes);
            return;
        }

        _pending ??= new Queue<QueuedMessage>();
        if (_pending.Count >= options.MaxQueuedMessages || _pendingBytes + message.Size > options.MaxQueuedBytes
            || (budget.IsExhausted && _connection is null))
        {
            Count(OutboxVerdict.Full, message.Topic, qos);
            span?.End(nameof(OutboxVerdict.Full));
            return;
        }

        Hold(message);
        _pending.Enqueue(queued);
        _pendingBytes += message.Size;
        if (IsStored)
        {
            store.PutMessage(ClientId, queued);
        }
    }

    private void Hold(StoredMessage message)
    {
        message.Hold(budget);
        budget.Take(CopyCost);
    }

    private void LetGo(StoredMessage message)
    {
        message.Release(budget);
        budget.Return(CopyCost);
    }

    /// <summary>Whether the window takes one more. What is in it already is sent again however full it is: only that can empty it.</summary>
    private bool MaySendNew(ClientConnection connection) =>
        !_window.IsFull && _windowBytes < options.MaxQueuedBytes && MaySend(connection);

    private bool MaySend(ClientConnection connection)
    {
        if (_unacknowledged >= connection.SendMaximum)
        {
            return false;
        }

        return !connection.Outbox.IsBusy || !connection.Outbox.CallWhenRoomy();
    }

    private void Send(ClientConnection connection, QueuedMessage queued, FlushSet flushes)
    {
        var state = queued.QoS == QualityOfService.AtLeastOnce ? DeliveryState.AwaitingPubAck : DeliveryState.AwaitingPubRec;
        _window.Add(queued, state).IsSent = true;
        _windowBytes += queued.Message.Size;
        _unacknowledged++;
        var place = _window.Tail - 1;
        var id = InFlightWindow.IdOf(place);
        if (IsStored)
        {
            store.PutDelivery(ClientId, queued.Sequence, id, state);
        }

        Write(connection, queued, id, dup: false, place, flushes);
    }

    private void Write(ClientConnection connection, QueuedMessage queued, ushort id, bool dup, long place, FlushSet flushes)
    {
        var writer = Writer(queued, time.GetTimestamp());
        writer.PacketId = id;
        writer.Dup = dup;
        var verdict = connection.Outbox.Offer(ref writer, queued.Message.Topic, mayDrop: false, flushes);
        if (verdict == OutboxVerdict.TooLarge && queued.Message.Untraced is { } untraced)
        {
            writer.Topic = queued.Message.Topic.Utf8;
            writer.MessageProperties = untraced;
            verdict = connection.Outbox.Offer(ref writer, queued.Message.Topic, mayDrop: false, flushes);
        }

        if (verdict == OutboxVerdict.TooLarge)
        {
            counters.AddTooLarge();
            queued.Span?.End(nameof(OutboxVerdict.TooLarge));
            Complete(place);
        }
    }

    private PublishWriter Writer(in QueuedMessage queued, long now) => new()
    {
        Topic = queued.Message.Topic.Utf8,
        Payload = queued.Message.Payload,
        MessageProperties = queued.Message.Properties,
        MessageExpiryInterval = queued.Message.SecondsLeft(now, time),
        SubscriptionIdentifiers = queued.Identifiers,
        QoS = queued.QoS,
        Retain = queued.Retain,
    };

    private void Complete(long place)
    {
        ref var entry = ref _window.At(place);
        if (entry.IsSent)
        {
            _unacknowledged--;
        }

        LetGo(entry.Queued.Message);
        entry.Queued.Span?.End();
        _windowBytes -= entry.Queued.Message.Size;
        if (IsStored)
        {
            store.DeleteMessage(ClientId, entry.Queued.Sequence);
        }

        _window.Complete(place);
    }

    private void Release(long place, ClientConnection connection, FlushSet flushes)
    {
        ref var entry = ref _window.At(place);
        entry.State = DeliveryState.AwaitingPubComp;
        if (IsStored)
        {
            store.PutDelivery(ClientId, entry.Queued.Sequence, InFlightWindow.IdOf(place), DeliveryState.AwaitingPubComp);
        }

        Answer(connection, new AckPacket(PacketType.PubRel, InFlightWindow.IdOf(place), ReasonCode.Success), flushes);
    }

    private static void Answer(ClientConnection connection, AckPacket ack, FlushSet flushes)
    {
        Span<byte> packet = stackalloc byte[AckPacket.MaxSize];
        connection.Outbox.Append(packet[..ack.Write(packet, connection.Version)], flushes);
    }

    /// <summary>The outbox has room again.</summary>
    private void Pump(ClientConnection connection)
    {
        var flushes = new FlushSet();
        lock (_lock)
        {
            if (_connection == connection)
            {
                SendMore(connection, flushes);
            }
        }

        flushes.Flush();
    }

    private void SendMore(ClientConnection connection, FlushSet flushes)
    {
        for (; _sendAgainFrom < _window.Tail; _sendAgainFrom++)
        {
            if (_sendAgainFrom >= _window.Head && _window.At(_sendAgainFrom) is { State: not DeliveryState.Done, IsSent: false })
            {
                if (!MaySend(connection))
                {
                    return;
                }

                SendAgain(connection, _sendAgainFrom, flushes);
            }
        }

        _sendAgainFrom = NothingToSendAgain;
        while (_pending?.Count > 0 && MaySendNew(connection))
        {
            var queued = _pending.Dequeue();
            _pendingBytes -= queued.Message.Size;
            if (queued.Message.IsExpired(time.GetTimestamp()))
            {
                // Too old before it could be sent [MQTT-3.3.2-5].
                counters.AddExpired();
                Drop(queued);
            }
            else
            {
                Send(connection, queued, flushes);
            }
        }

        if (_pending is { Count: 0, Capacity: > KeptCapacity })
        {
            _pending = null;
        }
    }

    /// <summary>All that is in flight is sent once more, in its order, as far as the new connection takes it.</summary>
    private void SendAgain(ClientConnection connection, FlushSet flushes)
    {
        _unacknowledged = 0;
        _sendAgainFrom = _window.Head;
        for (var place = _window.Head; place < _window.Tail; place++)
        {
            _window.At(place).IsSent = false;
        }

        SendMore(connection, flushes);
    }

    private void SendAgain(ClientConnection connection, long place, FlushSet flushes)
    {
        ref var entry = ref _window.At(place);
        entry.IsSent = true;
        _unacknowledged++;
        if (entry.State == DeliveryState.AwaitingPubComp)
        {
            Answer(connection, new AckPacket(PacketType.PubRel, InFlightWindow.IdOf(place), ReasonCode.Success), flushes);
        }
        else
        {
            Write(connection, entry.Queued, InFlightWindow.IdOf(place), dup: true, place, flushes);
        }
    }

    private void Count(OutboxVerdict verdict, Topic topic, QualityOfService qos)
    {
        // What the broker tells of itself is not counted: health would change by being told, for ever.
        if (verdict == OutboxVerdict.Full && !topic.IsSystem)
        {
            counters.AddDropped(qos);
            Interlocked.Increment(ref _dropped);
        }
        else if (verdict == OutboxVerdict.TooLarge)
        {
            counters.AddTooLarge();
        }
    }

    private void Drop(in QueuedMessage queued)
    {
        LetGo(queued.Message);
        queued.Span?.End("expired");
        if (IsStored)
        {
            store.DeleteMessage(ClientId, queued.Sequence);
        }
    }

    private void DropAll()
    {
        foreach (var queued in _pending ?? [])
        {
            LetGo(queued.Message);
            queued.Span?.End("the session has ended");
        }

        for (var place = _window.Head; place < _window.Tail; place++)
        {
            if (_window.At(place).State != DeliveryState.Done)
            {
                LetGo(_window.At(place).Queued.Message);
                _window.At(place).Queued.Span?.End("the session has ended");
            }
        }

        _pending = null;
        _received = null;
        _window.Clear();
    }

    private void RestoreMessages(SessionState kept)
    {
        foreach (var (queued, id, state) in kept.Messages)
        {
            Hold(queued.Message);
            _sequence = Math.Max(_sequence, queued.Sequence);
            if (state != DeliveryState.Done)
            {
                _window.Restore(id, queued, state);
                _windowBytes += queued.Message.Size;
            }
            else
            {
                (_pending ??= new Queue<QueuedMessage>()).Enqueue(queued);
                _pendingBytes += queued.Message.Size;
            }
        }

        _received = kept.Received.IsEmpty ? null : [.. kept.Received];
    }
}
