using System.Buffers;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Quotas;

namespace Cassini.Streams.Broker.Outgoing;

/// <summary>
/// Encoded packets that wait to be sent, in segments of one TLS record or several, and their count. Holds no array while it is empty.
/// Belongs to the outbox's lock; only the counts may be read without it.
/// </summary>
internal sealed class OutboxBuffer(AccountMemory memory)
{
    /// <summary>The payload of one TLS record (RFC 8446 §5.1): a larger segment would be cut, a smaller one wastes a write.</summary>
    public const int FullSegment = 16 * 1024;

    /// <summary>For messages that follow a record which still waits: they are sent together.</summary>
    private const int LargeSegment = 4 * FullSegment;

    private const int SmallestSegment = 512;

    /// <summary>Null until there is one: most clients never fall behind by a whole segment.</summary>
    private Queue<OutboxSegment>? _full;
    private OutboxSegment _tail;
    private int _hint = SmallestSegment;
    private int _messages;
    private long _bytes;
    private long _answers;
    private long _after;

    /// <summary>Messages that are not sent, also those in a segment that was taken.</summary>
    public int Messages => Volatile.Read(ref _messages);

    /// <summary>Bytes that are not sent, also those of a segment that was taken.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Bytes of answers that are not sent.</summary>
    public long Answers => Volatile.Read(ref _answers);

    /// <summary>Whether the identity may take no more memory.</summary>
    public bool IsMemoryShort => memory.IsClosed;

    public bool IsEmpty => _tail.Length == 0 && !HasFullSegment;

    /// <summary>Whether a whole record is ready.</summary>
    public bool HasFullSegment => _full is { Count: > 0 };

    /// <summary>The ticket of what must be durable before the oldest segment is sent; 0 for nothing.</summary>
    public long After => _full is { Count: > 0 } ? _full.Peek().After : _tail.After;

    /// <summary>What is appended next is sent only after this ticket, with everything behind it.</summary>
    public void Hold(long after) => _after = after;

    /// <summary>Appends packets: the bytes returned must be written at once.</summary>
    /// <param name="size">Their bytes.</param>
    /// <param name="packets">How many there are.</param>
    /// <param name="segment">How long a new segment is, if one is needed.</param>
    public Span<byte> Append(int size, int packets, int segment = FullSegment)
    {
        if (_tail.Free < size)
        {
            Grow(size, segment);
        }

        _bytes += size;
        _tail.Packets += packets;
        _tail.After = Math.Max(_tail.After, _after);
        _after = 0;
        return _tail.Take(size);
    }

    /// <summary>Appends answers.</summary>
    public Span<byte> AppendAnswers(int size, int packets)
    {
        var answers = Append(size, packets);
        _answers += size;
        _tail.Answers += size;
        return answers;
    }

    /// <summary>
    /// Appends a message whose payload is not copied: it would be in memory once for each of the clients that are behind.
    /// </summary>
    /// <param name="head">How many bytes come before the payload: those returned must be written at once.</param>
    /// <param name="message">The message.</param>
    public Span<byte> AppendShared(int head, StoredMessage message)
    {
        var written = Append(head, packets: 0);
        message.Hold(memory);
        _full ??= new Queue<OutboxSegment>();
        _full.Enqueue(_tail);
        _full.Enqueue(new OutboxSegment(message));
        _tail = default;
        _bytes += message.Payload.Length;
        _messages++;
        return written;
    }

    /// <summary>Appends a packet that is a message.</summary>
    public Span<byte> AppendMessage(int size, int payload)
    {
        var packet = Append(size, packets: 1, HasFullSegment && !memory.IsClosed ? LargeSegment : FullSegment);
        _messages++;
        _tail.Messages++;
        _tail.Payload += payload;
        return packet;
    }

    /// <summary>Takes the oldest segment out. Not when it is empty.</summary>
    public OutboxSegment TakeNext()
    {
        if (_full is not null && _full.TryDequeue(out var oldest))
        {
            return oldest;
        }

        oldest = _tail;
        _tail = default;
        _hint = Math.Clamp(oldest.Length, SmallestSegment, FullSegment);
        return oldest;
    }

    /// <summary>A segment that was taken has been sent: it counts no more.</summary>
    public void Settle(in OutboxSegment sent)
    {
        _messages -= sent.Messages;
        _bytes -= sent.Length;
        _answers -= sent.Answers;
    }

    /// <summary>Drops everything.</summary>
    public void Clear()
    {
        Free(ref _tail);
        while (_full is not null && _full.TryDequeue(out var segment))
        {
            Free(ref segment);
        }

        _messages = 0;
        _bytes = 0;
        _answers = 0;
    }

    /// <summary>Gives back what a segment takes, if there is one.</summary>
    public void Free(ref OutboxSegment segment)
    {
        if (segment.Shared is { } message)
        {
            segment = default;
            message.Release(memory);
        }
        else if (segment.Array is { } array)
        {
            segment = default;
            memory.Return(array.Length);
            ArrayPool<byte>.Shared.Return(array);
        }
    }

    private void Grow(int size, int segment)
    {
        var old = _tail;
        if (old.Length + size <= FullSegment)
        {
            // Still less than a record: one larger segment instead of two small ones.
            _tail = Rent(Math.Max(old.Length + size, Math.Max(old.Capacity * 2, _hint)));
            old.Written.Span.CopyTo(_tail.Take(old.Length));
            _tail.CountAs(old);
            Free(ref old);
            return;
        }

        if (old.Length > 0)
        {
            (_full ??= new Queue<OutboxSegment>()).Enqueue(old);
        }

        _tail = Rent(Math.Max(size, segment));
    }

    private OutboxSegment Rent(int size)
    {
        var segment = new OutboxSegment(ArrayPool<byte>.Shared.Rent(size));
        memory.Take(segment.Capacity);
        return segment;
    }
}
