using System.Buffers.Binary;
using Cassini.Streams.Listening.WebSockets;

namespace Cassini.Tests.Listening.WebSockets;

/// <summary>Frames as a client writes them, right and wrong ones.</summary>
internal static class ClientFrames
{
    private const uint Mask = 0xA1B2C3D4;

    public static byte[] Of(Opcode opcode, ReadOnlySpan<byte> payload, bool isFinal = true, uint mask = Mask)
    {
        byte[] frame = [.. Header(opcode, payload.Length, isFinal, mask), .. payload];
        for (var i = 0; i < payload.Length; i++)
        {
            frame[frame.Length - payload.Length + i] ^= (byte)(mask >> (24 - (8 * (i % 4))));
        }

        return frame;
    }

    /// <summary>The header of a frame whose payload may never come.</summary>
    public static byte[] Header(Opcode opcode, long length, bool isFinal = true, uint mask = Mask)
    {
        var header = new byte[14];
        header[0] = (byte)((isFinal ? 0x80 : 0) | (int)opcode);
        var size = 2;
        switch (length)
        {
            case <= 125:
                header[1] = (byte)(0x80 | (int)length);
                break;
            case <= ushort.MaxValue:
                header[1] = 0x80 | 126;
                BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(2), (ushort)length);
                size = 4;
                break;
            default:
                header[1] = 0x80 | 127;
                BinaryPrimitives.WriteInt64BigEndian(header.AsSpan(2), length);
                size = 10;
                break;
        }

        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(size), mask);
        return header[..(size + 4)];
    }
}
