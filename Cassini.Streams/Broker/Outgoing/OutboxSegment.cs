using Cassini.Streams.Broker.Model;

namespace Cassini.Streams.Broker.Outgoing;

/// <summary>A pooled array with encoded packets, and how far it is filled.</summary>
internal struct OutboxSegment(byte[] array)
{
    /// <summary>Null when there is no segment.</summary>
    public byte[]? Array { get; } = array;

    public int Length { get; private set; }

    /// <summary>How many packets end in it.</summary>
    public int Packets { get; set; }

    /// <summary>How many messages end in it.</summary>
    public int Messages { get; set; }

    /// <summary>The bytes of these messages' payloads.</summary>
    public int Payload { get; set; }

    /// <summary>All of this.</summary>
    public readonly Traffic Traffic => new() { Packets = Packets, Messages = Messages, Bytes = Length, Payload = Payload };

    public readonly int Capacity => Array?.Length ?? 0;

    public readonly int Free => Capacity - Length;

    public readonly ReadOnlyMemory<byte> Written => Array.AsMemory(0, Length);

    /// <summary>Counts what was copied from another segment.</summary>
    public void CountAs(in OutboxSegment other) => (Packets, Messages, Payload) = (other.Packets, other.Messages, other.Payload);

    /// <summary>The next <paramref name="size"/> bytes, to be written.</summary>
    public Span<byte> Take(int size)
    {
        var taken = Array.AsSpan(Length, size);
        Length += size;
        return taken;
    }
}
