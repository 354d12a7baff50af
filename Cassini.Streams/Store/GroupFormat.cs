using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Cassini.Streams.Store;

/// <summary>
/// The format of a group: a header of 28 bytes (version, three zeros, CRC32C of everything behind it, number, UTC in milliseconds since
/// 1970, number of records; little-endian), and the records. Integers in records are LEB128.
/// </summary>
internal static class GroupFormat
{
    /// <summary>The version that is written. A reader refuses a newer one.</summary>
    public const byte Version = 1;

    public const int HeaderSize = 28;

    public const int CrcAt = 4;

    public const int NumberAt = 8;

    public const int TimeAt = 16;

    public const int CountAt = 24;

    /// <summary>When it was written, UTC; the earliest time there is for one that cannot be.</summary>
    /// <param name="group">At least a header.</param>
    public static DateTimeOffset TimeOf(ReadOnlySpan<byte> group)
    {
        var time = BinaryPrimitives.ReadInt64LittleEndian(group[TimeAt..]);
        return time >= 0 && time <= DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()
            ? DateTimeOffset.FromUnixTimeMilliseconds(time)
            : DateTimeOffset.MinValue;
    }

    /// <summary>Gives a group another number.</summary>
    public static void Renumber(Span<byte> group, long number)
    {
        BinaryPrimitives.WriteInt64LittleEndian(group[NumberAt..], number);
        BinaryPrimitives.WriteUInt32LittleEndian(group[CrcAt..], Crc(group[NumberAt..]));
    }

    /// <summary>The CRC32C (RFC 3720 §12.1) of bytes.</summary>
    public static uint Crc(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var word in MemoryMarshal.Cast<byte, ulong>(bytes))
        {
            crc = BitOperations.Crc32C(crc, word);
        }

        foreach (var rest in bytes[(bytes.Length / sizeof(ulong) * sizeof(ulong))..])
        {
            crc = BitOperations.Crc32C(crc, rest);
        }

        return ~crc;
    }
}
