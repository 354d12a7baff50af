using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Cassini.Streams.Cluster.Links;

/// <summary>The head of a frame between two nodes. Numbers are little endian.</summary>
/// <param name="Kind">What follows.</param>
/// <param name="Sender">The number of the sender's link: a later one of the same node is higher, also of a later run of it.</param>
/// <param name="Receiver">The number of the receiver's link that <see cref="Acknowledged"/> is of; 0 for none.</param>
/// <param name="Number">
/// Of <see cref="FrameKind.Sure"/> and <see cref="FrameKind.Part"/> its number, 1, 2, 3 … without holes. Of all others the bytes of
/// <see cref="FrameKind.Fast"/> frames that the sender has sent so far, with this one.
/// </param>
/// <param name="Acknowledged">The highest number of the other direction that the sender has; what came before it has too.</param>
/// <param name="FastReceived">The bytes of fast frames of the other direction that were sent before what the sender received last.</param>
internal readonly record struct FrameHeader(
    FrameKind Kind, ulong Sender, ulong Receiver, long Number, long Acknowledged, long FastReceived)
{
    /// <summary>How many bytes it takes.</summary>
    public const int Size = 48;

    private const byte Magic = 0xC5;
    private const byte Version = 1;
    private const int ChecksumAt = 4;
    private const int FieldsAt = 8;

    /// <summary>Writes it before a body, and the checksum of both.</summary>
    /// <param name="frame">The whole frame; the body begins at <see cref="Size"/>.</param>
    public void Write(Span<byte> frame)
    {
        frame[0] = Magic;
        frame[1] = Version;
        frame[2] = (byte)Kind;
        frame[3] = 0;
        var fields = frame[FieldsAt..];
        BinaryPrimitives.WriteUInt64LittleEndian(fields, Sender);
        BinaryPrimitives.WriteUInt64LittleEndian(fields[8..], Receiver);
        BinaryPrimitives.WriteInt64LittleEndian(fields[16..], Number);
        BinaryPrimitives.WriteInt64LittleEndian(fields[24..], Acknowledged);
        BinaryPrimitives.WriteInt64LittleEndian(fields[32..], FastReceived);
        BinaryPrimitives.WriteUInt32LittleEndian(frame[ChecksumAt..], ChecksumOf(frame));
    }

    /// <summary>Reads it.</summary>
    /// <param name="frame">The whole frame.</param>
    /// <param name="header">What it says.</param>
    /// <returns>False when it is no frame of this version, or was damaged.</returns>
    public static bool TryRead(ReadOnlySpan<byte> frame, out FrameHeader header)
    {
        header = default;
        if (frame.Length < Size || frame[0] != Magic || frame[1] != Version
            || frame[2] is < (byte)FrameKind.Fast or > (byte)FrameKind.Part
            || BinaryPrimitives.ReadUInt32LittleEndian(frame[ChecksumAt..]) != ChecksumOf(frame))
        {
            return false;
        }

        var fields = frame[FieldsAt..];
        header = new FrameHeader(
            (FrameKind)frame[2],
            BinaryPrimitives.ReadUInt64LittleEndian(fields),
            BinaryPrimitives.ReadUInt64LittleEndian(fields[8..]),
            BinaryPrimitives.ReadInt64LittleEndian(fields[16..]),
            BinaryPrimitives.ReadInt64LittleEndian(fields[24..]),
            BinaryPrimitives.ReadInt64LittleEndian(fields[32..]));
        return true;
    }

    /// <summary>CRC-32C of everything but itself.</summary>
    private static uint ChecksumOf(ReadOnlySpan<byte> frame)
    {
        var sum = BitOperations.Crc32C(uint.MaxValue, MemoryMarshal.Read<uint>(frame));
        var rest = frame[FieldsAt..];
        foreach (var eight in MemoryMarshal.Cast<byte, ulong>(rest))
        {
            sum = BitOperations.Crc32C(sum, eight);
        }

        foreach (var one in rest[(rest.Length & ~7)..])
        {
            sum = BitOperations.Crc32C(sum, one);
        }

        return ~sum;
    }
}
