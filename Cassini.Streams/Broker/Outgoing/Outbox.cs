using System.Buffers;
using System.Runtime.CompilerServices;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Mqtt.Properties;

namespace Cassini.Streams.Broker.Outgoing;

/// <summary>How handing a packet to an outbox went.</summary>
internal enum OutboxVerdict
{
    Taken,

    /// <summary>The client is too far behind.</summary>
    Full,

    /// <summary>The packet is larger than the client takes: it is left out as if it had been sent [MQTT-3.1.2-25].</summary>
    TooLarge,

    /// <summary>The connection ends.</summary>
    Closed,
}

/// <summary>
/// What is to be sent to one client. Anyone appends encoded packets under a short lock; one drain at a time sends whatever has
/// gathered, in pieces of one TLS record. Holds no buffer while there is nothing to send. Thread-safe.
/// </summary>
internal sealed class Outbox : IThreadPoolWorkItem
{
    /// <summary>The payload of one TLS record (RFC 8446 §5.1): a larger piece would be cut, a smaller one wastes a write.</summary>
    private const int FullSegment = 16 * 1024;

    private const int SmallestSegment = 512;

    /// <summary>What the remaining length can say, with the fixed header (§2.1.4).</summary>
    private const int LargestPacket = VariableByteInteger.Max + 1 + VariableByteInteger.MaxBytes;

    /// <summary>How many pieces a thread sends that came to do something else, and how many before others get their turn.</summary>
    private const int InlineSegments = 2;
    private const int PooledSegments = 16;

    private readonly Lock _lock = new();
    private readonly Stream _stream;
    private readonly OutboxLimits _limits;
    private readonly MemoryBudget _budget;
    private readonly BrokerCounters _counters;
    private readonly TopicAliases? _aliases;
    private readonly Action _continueDrain;
    private readonly Queue<OutboxSegment> _full = new();
    private OutboxSegment _tail;
    private OutboxSegment _sending;
    private ValueTaskAwaiter _write;
    private OutboxState _state;
    private int _hint = SmallestSegment;
    private int _messages;
    private long _bytes;
    private TaskCompletionSource? _idle;
    private TaskCompletionSource? _room;
    private bool _callWhenRoomy;

    public Outbox(Stream stream, OutboxLimits limits, MemoryBudget budget, BrokerCounters counters)
    {
        _stream = stream;
        _limits = limits;
        _budget = budget;
        _counters = counters;
        _aliases = limits.TopicAliases > 0 ? new TopicAliases(limits.TopicAliases) : null;
        _continueDrain = ContinueDrain;
    }

    private enum OutboxState
    {
        /// <summary>Nothing to send.</summary>
        Idle,

        /// <summary>Someone will flush it at the end of a batch.</summary>
        Noted,

        /// <summary>A drain is on its way or at work.</summary>
        Draining,

        Closed,
    }

    /// <summary>Called without the lock when there is room again, after <see cref="CallWhenRoomy"/>.</summary>
    public Action? Roomy { get; set; }

    /// <summary>Called without the lock when sending failed.</summary>
    public Action? Failed { get; set; }

    public ProtocolVersion Version => _limits.Version;

    /// <summary>Messages that wait to be sent.</summary>
    public int Messages => Volatile.Read(ref _messages);

    /// <summary>Whether a message that can wait elsewhere should.</summary>
    public bool IsBusy => Volatile.Read(ref _bytes) > _limits.Bytes / 2;

    /// <summary>Whether so much waits that nothing more should be caused.</summary>
    /// <remarks>Messages alone never come so far: what is over is answers.</remarks>
    public bool IsOverfull => Volatile.Read(ref _bytes) > 2 * _limits.Bytes;

    /// <summary>Ends when there is room again, or the connection's end has come.</summary>
    public Task WhenRoomyAsync()
    {
        lock (_lock)
        {
            return _state == OutboxState.Closed || !IsOverfull
                ? Task.CompletedTask
                : (_room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    /// <summary>Asks for one call of <see cref="Roomy"/>.</summary>
    /// <returns>False when there is room already: then nobody calls.</returns>
    public bool CallWhenRoomy()
    {
        lock (_lock)
        {
            return _callWhenRoomy = IsBusy;
        }
    }

    /// <summary>Appends a packet that must be sent: an answer. It is not limited, since each has its cause in a packet received.</summary>
    public void Append(ReadOnlySpan<byte> packet, FlushSet flushes)
    {
        lock (_lock)
        {
            if (_state != OutboxState.Closed)
            {
                packet.CopyTo(Reserve(packet.Length));
                Note(flushes);
            }
        }
    }

    /// <summary>Appends a copy of a QoS 0 message.</summary>
    public OutboxVerdict Offer(ref Publication message, Subscription subscription, FlushSet flushes)
    {
        var retain = message.Retain && subscription.RetainAsPublished;
        if (!message.Frame.IsEmpty && message.FrameVersion == _limits.Version && retain == message.Retain
            && subscription.Identifiers.Length == 0 && _aliases is null)
        {
            return OfferAsItIs(message.Frame, flushes);
        }

        var writer = new PublishWriter
        {
            Topic = message.Topic.Utf8,
            Payload = message.Payload,
            MessageProperties = message.Properties,
            MessageExpiryInterval = message.Expiry,
            SubscriptionIdentifiers = subscription.Identifiers,
            Retain = retain,
        };
        var verdict = Offer(ref writer, message.Topic, mayDrop: true, flushes);
        if (verdict == OutboxVerdict.TooLarge && message.Trace?.Untraced is { } untraced)
        {
            // That we trace a message must not cost anybody the message.
            writer.Topic = message.Topic.Utf8;
            writer.MessageProperties = untraced;
            verdict = Offer(ref writer, message.Topic, mayDrop: true, flushes);
        }

        return verdict;
    }

    /// <summary>Appends a message.</summary>
    /// <param name="writer">What to write.</param>
    /// <param name="topic">Its topic, for an alias.</param>
    /// <param name="mayDrop">Whether it is dropped when the client is too far behind.</param>
    /// <param name="flushes">Where to note it.</param>
    public OutboxVerdict Offer(ref PublishWriter writer, Topic topic, bool mayDrop, FlushSet flushes)
    {
        lock (_lock)
        {
            if (Refuse(mayDrop) is { } refused)
            {
                return refused;
            }

            var isNewAlias = false;
            if (_aliases is not null)
            {
                writer.TopicAlias = _aliases.For(topic, out isNewAlias);
                writer.Topic = writer.TopicAlias == 0 || isNewAlias ? writer.Topic : default;
            }

            var size = writer.Measure(_limits.Version);
            if (size > _limits.MaxPacketSize && isNewAlias)
            {
                // Perhaps it fits without introducing the alias.
                _aliases!.TakeBack(topic);
                writer.TopicAlias = 0;
                size = writer.Measure(_limits.Version);
            }

            if (size > Math.Min(_limits.MaxPacketSize, LargestPacket))
            {
                return OutboxVerdict.TooLarge;
            }

            if (mayDrop && size > FullSegment && _budget.IsExhausted)
            {
                return OutboxVerdict.Full;
            }

            writer.Write(Reserve(size), _limits.Version);
            CountMessage();
            Note(flushes);
            return OutboxVerdict.Taken;
        }
    }

    /// <summary>Sends what has gathered, unless someone does already.</summary>
    /// <param name="inline">Whether on this thread; it is not held for long, and never waits.</param>
    public void Flush(bool inline)
    {
        lock (_lock)
        {
            if (_state != OutboxState.Noted)
            {
                return;
            }

            _state = OutboxState.Draining;
        }

        if (inline)
        {
            Drain(InlineSegments);
        }
        else
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    /// <summary>Ends when all is sent, or sending failed.</summary>
    public Task WhenIdleAsync()
    {
        lock (_lock)
        {
            return _state is OutboxState.Idle or OutboxState.Closed
                ? Task.CompletedTask
                : (_idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    /// <summary>Drops what was not sent and takes no more. A write under way ends by itself, or with its stream.</summary>
    public void Close()
    {
        TaskCompletionSource? idle;
        TaskCompletionSource? room;
        lock (_lock)
        {
            _state = OutboxState.Closed;
            room = _room;
            Free(ref _tail);
            while (_full.TryDequeue(out var segment))
            {
                Free(ref segment);
            }

            _messages = 0;
            _bytes = 0;
            idle = _idle;
        }

        idle?.TrySetResult();
        room?.TrySetResult();
    }

    void IThreadPoolWorkItem.Execute() => Drain(PooledSegments);

    private OutboxVerdict OfferAsItIs(ReadOnlySpan<byte> frame, FlushSet flushes)
    {
        if (frame.Length > _limits.MaxPacketSize)
        {
            return OutboxVerdict.TooLarge;
        }

        lock (_lock)
        {
            if (Refuse(mayDrop: true) is { } refused)
            {
                return refused;
            }

            if (frame.Length > FullSegment && _budget.IsExhausted)
            {
                return OutboxVerdict.Full;
            }

            frame.CopyTo(Reserve(frame.Length));
            CountMessage();
            Note(flushes);
            return OutboxVerdict.Taken;
        }
    }

    private OutboxVerdict? Refuse(bool mayDrop)
    {
        if (_state == OutboxState.Closed)
        {
            return OutboxVerdict.Closed;
        }

        return mayDrop && (_messages >= _limits.Messages || _bytes >= _limits.Bytes || (_budget.IsExhausted && _state != OutboxState.Idle))
            ? OutboxVerdict.Full
            : null;
    }

    private Span<byte> Reserve(int size)
    {
        if (_tail.Free < size)
        {
            MakeRoom(size);
        }

        _bytes += size;
        return _tail.Take(size);
    }

    private void MakeRoom(int size)
    {
        var old = _tail;
        if (old.Length + size <= FullSegment)
        {
            // Still less than a record: one larger piece instead of two small ones.
            _tail = Rent(Math.Max(old.Length + size, Math.Max(old.Capacity * 2, _hint)));
            old.Written.Span.CopyTo(_tail.Take(old.Length));
            _tail.Messages = old.Messages;
            Free(ref old);
            return;
        }

        if (old.Length > 0)
        {
            _full.Enqueue(old);
        }

        _tail = Rent(Math.Max(size, FullSegment));
    }

    private void CountMessage()
    {
        _messages++;
        _tail.Messages++;
    }

    private void Note(FlushSet flushes)
    {
        if (_state == OutboxState.Idle)
        {
            _state = OutboxState.Noted;
            flushes.Add(this);
        }
        else if (_state == OutboxState.Noted && _full.Count > 0)
        {
            // A whole record is ready: it is sent while the batch goes on.
            _state = OutboxState.Draining;
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    private void Drain(int atMost)
    {
        for (var sent = 0; ; sent++)
        {
            if (!TakeNext())
            {
                return;
            }

            if (sent == atMost)
            {
                // The piece that was taken is the first that the pool's thread sends.
                ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
                return;
            }

            var write = _stream.WriteAsync(_sending.Written).GetAwaiter();
            if (!write.IsCompleted)
            {
                _write = write;
                write.UnsafeOnCompleted(_continueDrain);
                return;
            }

            if (!Conclude(write))
            {
                return;
            }
        }
    }

    private void ContinueDrain()
    {
        if (Conclude(_write))
        {
            Drain(PooledSegments);
        }
    }

    /// <summary>Takes the next piece to send, if there is none in hand.</summary>
    private bool TakeNext()
    {
        TaskCompletionSource? idle;
        lock (_lock)
        {
            if (_sending.Array is not null)
            {
                return true;
            }

            if (_state == OutboxState.Closed)
            {
                return false;
            }

            if (_full.TryDequeue(out _sending))
            {
                return true;
            }

            if (_tail.Length > 0)
            {
                _sending = _tail;
                _tail = default;
                _hint = Math.Clamp(_sending.Length, SmallestSegment, FullSegment);
                return true;
            }

            _state = OutboxState.Idle;
            idle = _idle;
            _idle = null;
        }

        idle?.TrySetResult();
        return false;
    }

    private bool Conclude(ValueTaskAwaiter write)
    {
        var failed = false;
        try
        {
            write.GetResult();
        }
        catch (Exception)
        {
            // Whatever the stream throws: the connection is over, and its reader tells why.
            failed = true;
        }

        var roomy = false;
        TaskCompletionSource? room = null;
        lock (_lock)
        {
            var sent = _sending;
            _counters.AddSent(failed ? 0 : sent.Messages, failed ? 0 : sent.Length);
            if (_state != OutboxState.Closed)
            {
                _messages -= sent.Messages;
                _bytes -= sent.Length;
                roomy = _callWhenRoomy && _bytes <= _limits.Bytes / 4;
                _callWhenRoomy &= !roomy;
                if (_room is not null && _bytes <= _limits.Bytes + (_limits.Bytes / 4))
                {
                    (room, _room) = (_room, null);
                }
            }

            Free(ref _sending);
        }

        if (failed)
        {
            Close();
            Failed?.Invoke();
            return false;
        }

        room?.TrySetResult();
        return !roomy || TryCallRoomy();
    }

    /// <summary>What it calls must not harm the thread, which may be another client's reader or the pool's.</summary>
    private bool TryCallRoomy()
    {
        try
        {
            Roomy?.Invoke();
            return true;
        }
        catch (Exception)
        {
            Close();
            Failed?.Invoke();
            return false;
        }
    }

    private OutboxSegment Rent(int size)
    {
        var segment = new OutboxSegment(ArrayPool<byte>.Shared.Rent(size));
        _budget.Take(segment.Capacity);
        return segment;
    }

    private void Free(ref OutboxSegment segment)
    {
        if (segment.Array is { } array)
        {
            segment = default;
            _budget.Return(array.Length);
            ArrayPool<byte>.Shared.Return(array);
        }
    }
}
