using System.Buffers.Binary;

namespace Cassini.Streams.Cluster.Sessions;

/// <summary>
/// A piece of a session that moves, as the bus carries it: the numbers of the move and of the piece, and whether it is the last.
/// </summary>
internal static class SessionPiece
{
    /// <summary>Bytes before those of the session.</summary>
    public const int HeaderSize = sizeof(ulong) + sizeof(int) + 1;

    public static byte[] Write(ulong number, int piece, bool isLast, ReadOnlySpan<byte> body)
    {
        var bytes = new byte[HeaderSize + body.Length];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, number);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(sizeof(ulong)), piece);
        bytes[HeaderSize - 1] = isLast ? (byte)1 : (byte)0;
        body.CopyTo(bytes.AsSpan(HeaderSize));
        return bytes;
    }

    /// <returns>False when it is none.</returns>
    public static bool TryRead(ReadOnlyMemory<byte> bytes, out ulong number, out int piece, out bool isLast, out ReadOnlyMemory<byte> body)
    {
        (number, piece, isLast, body) = (0, 0, false, default);
        if (bytes.Length < HeaderSize)
        {
            return false;
        }

        number = BinaryPrimitives.ReadUInt64LittleEndian(bytes.Span);
        piece = BinaryPrimitives.ReadInt32LittleEndian(bytes.Span[sizeof(ulong)..]);
        isLast = bytes.Span[HeaderSize - 1] == 1;
        body = bytes[HeaderSize..];
        return piece >= 0;
    }
}
