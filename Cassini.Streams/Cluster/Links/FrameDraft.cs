using System.Buffers;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Cluster.Links;

/// <summary>A frame that messages are added to, in a pooled buffer, with room for its head. Mutable: pass it by reference.</summary>
internal struct FrameDraft
{
    /// <summary>The buffer; null while there is nothing.</summary>
    public byte[]? Buffer { get; private set; }

    /// <summary>Bytes of messages.</summary>
    public int Length { get; private set; }

    /// <summary>How many messages it has.</summary>
    public int Messages { get; private set; }

    /// <summary>The bytes of the whole frame.</summary>
    public readonly int Size => FrameHeader.Size + Length;

    /// <summary>The whole frame.</summary>
    public readonly Span<byte> Frame => Buffer.AsSpan(0, Size);

    /// <summary>Adds a message.</summary>
    /// <param name="message">The message.</param>
    /// <param name="addition">How it is added.</param>
    /// <param name="size">The bytes that the buffer needs, if there is none yet.</param>
    public void Add(in Publication message, in Addition addition, int size)
    {
        Buffer ??= ArrayPool<byte>.Shared.Rent(size);
        Length += addition.Write(Buffer.AsSpan(Size), message);
        Messages++;
    }

    /// <summary>Adds a mark.</summary>
    public void AddMark(ulong mark)
    {
        Buffer ??= ArrayPool<byte>.Shared.Rent(FrameHeader.Size + FrameRecord.BytesOfMark);
        Length += FrameRecord.WriteMark(Buffer.AsSpan(Size), mark);
    }

    /// <summary>Adds whom what follows is for. There is nothing in it yet.</summary>
    public void AddAddressing(Addressing addressing, ReadOnlySpan<ulong> clients)
    {
        Buffer = ArrayPool<byte>.Shared.Rent(FrameHeader.Size + FrameRecord.MostBytesOfAddressing(clients.Length));
        Length = FrameRecord.WriteAddressing(Buffer.AsSpan(Size), addressing, clients);
    }

    /// <summary>Gives back the buffer: there is nothing in it any more.</summary>
    public void Free()
    {
        if (Buffer is { } buffer)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        this = default;
    }

    /// <summary>How a message is added.</summary>
    /// <param name="QoS">The quality of service of this copy.</param>
    /// <param name="Origin">Its number in the fleet.</param>
    /// <param name="Audience">Which subscribers it is for.</param>
    /// <param name="Share">The shared subscription that it is for.</param>
    /// <param name="Most">The most bytes that it takes.</param>
    public readonly record struct Addition(QualityOfService QoS, ulong Origin, Audience Audience, string? Share, int Most)
    {
        /// <summary>Writes it.</summary>
        /// <returns>The bytes that it took.</returns>
        public int Write(Span<byte> to, in Publication message) => FrameRecord.Write(to, message, QoS, Origin, Audience, Share);
    }
}
