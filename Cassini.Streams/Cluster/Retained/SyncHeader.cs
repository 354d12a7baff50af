using System.Buffers.Binary;

namespace Cassini.Streams.Cluster.Retained;

/// <summary>The head of a message with which two nodes compare what they retain. Numbers are little endian.</summary>
/// <param name="Kind">What follows.</param>
/// <param name="Sender">The run of the sender.</param>
/// <param name="Receiver">The run of the receiver: one of an earlier run is ignored.</param>
/// <param name="Round">The comparison that it belongs to: a number of the one that asks.</param>
/// <param name="Step">The request of its kind within the round, from 1 on; an answer has that of its request.</param>
internal readonly record struct SyncHeader(SyncKind Kind, ulong Sender, ulong Receiver, ulong Round, int Step)
{
    /// <summary>How many bytes it takes.</summary>
    public const int Size = 32;

    private const byte Magic = 0xC6;
    private const byte Version = 1;
    private const int FieldsAt = 4;

    /// <summary>Writes it.</summary>
    public void Write(Span<byte> to)
    {
        to[0] = Magic;
        to[1] = Version;
        to[2] = (byte)Kind;
        to[3] = 0;
        var fields = to[FieldsAt..];
        BinaryPrimitives.WriteUInt64LittleEndian(fields, Sender);
        BinaryPrimitives.WriteUInt64LittleEndian(fields[8..], Receiver);
        BinaryPrimitives.WriteUInt64LittleEndian(fields[16..], Round);
        BinaryPrimitives.WriteInt32LittleEndian(fields[24..], Step);
    }

    /// <summary>Reads it.</summary>
    /// <returns>False when it is none of this version.</returns>
    public static bool TryRead(ReadOnlySpan<byte> message, out SyncHeader header)
    {
        header = default;
        if (message.Length < Size || message[0] != Magic || message[1] != Version
            || message[2] is < (byte)SyncKind.DigestsWanted or > (byte)SyncKind.Removed)
        {
            return false;
        }

        var fields = message[FieldsAt..];
        header = new SyncHeader(
            (SyncKind)message[2],
            BinaryPrimitives.ReadUInt64LittleEndian(fields),
            BinaryPrimitives.ReadUInt64LittleEndian(fields[8..]),
            BinaryPrimitives.ReadUInt64LittleEndian(fields[16..]),
            BinaryPrimitives.ReadInt32LittleEndian(fields[24..]));
        return true;
    }
}
