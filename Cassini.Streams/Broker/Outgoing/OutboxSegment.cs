using Cassini.Streams.Broker.Model;

namespace Cassini.Streams.Broker.Outgoing;

/// <summary>A pooled array with encoded packets, and how far it is filled; or the payload of a message that others hold as well.</summary>
internal struct OutboxSegment(byte[] array)
{
    /// <summary>The payload of a message, which ends with it.</summary>
    /// <param name="message">The message.</param>
    public OutboxSegment(StoredMessage message)
        : this(message.Payload)
    {
        Shared = message;
        Length = Payload = message.Payload.Length;
        Packets = Messages = 1;
    }

    /// <summary>The message whose payload it is; null when the array is its own.</summary>
    public StoredMessage? Shared { get; }

    /// <summary>Null when there is no segment.</summary>
    public byte[]? Array { get; } = array;

    public int Length { get; private set; }

    /// <summary>The ticket of what must be durable before it is sent; 0 for nothing.</summary>
    public long After { get; set; }

    /// <summary>How many packets end in it.</summary>
    public int Packets { get; set; }

    /// <summary>How many messages end in it.</summary>
    public int Messages { get; set; }

    /// <summary>How many bytes are answers.</summary>
    public int Answers { get; set; }

    /// <summary>The bytes of these messages' payloads.</summary>
    public int Payload { get; set; }

    /// <summary>All of this.</summary>
    public readonly Traffic Traffic => new() { Packets = Packets, Messages = Messages, Bytes = Length, Payload = Payload };

    public readonly int Capacity => Array?.Length ?? 0;

    public readonly int Free => Capacity - Length;

    public readonly ReadOnlyMemory<byte> Written => Array.AsMemory(0, Length);

    /// <summary>Counts what was copied from another segment.</summary>
    public void CountAs(in OutboxSegment other) =>
        (Packets, Messages, Answers, Payload, After) = (other.Packets, other.Messages, other.Answers, other.Payload, other.After);

    /// <summary>The next <paramref name="size"/> bytes, to be written.</summary>
    public Span<byte> Take(int size)
    {
        var taken = Array.AsSpan(Length, size);
        Length += size;
        return taken;
    }
}
