namespace Cassini.Streams.Mqtt;

/// <summary>Variable Byte Integers (MQTT 5.0 §1.5.5, 3.1.1 §2.2.3): seven bits per byte, at most four bytes.</summary>
internal static class VariableByteInteger
{
    public const int Max = 268_435_455;
    public const int MaxBytes = 4;

    public static int SizeOf(int value) => value switch
    {
        < 0x80 => 1,
        < 0x4000 => 2,
        < 0x20_0000 => 3,
        _ => 4,
    };

    /// <summary>Writes <paramref name="value"/>.</summary>
    /// <returns>How many bytes were written.</returns>
    public static int Write(Span<byte> to, int value)
    {
        var at = 0;
        while (value >= 0x80)
        {
            to[at++] = (byte)(value | 0x80);
            value >>= 7;
        }

        to[at++] = (byte)value;
        return at;
    }

    /// <summary>Reads a Variable Byte Integer.</summary>
    /// <returns>How many bytes were read; 0 when more bytes are needed; -1 when it is longer than four bytes.</returns>
    public static int Read(ReadOnlySpan<byte> from, out int value)
    {
        value = 0;
        for (var at = 0; at < MaxBytes; at++)
        {
            if (at == from.Length)
            {
                return 0;
            }

            value |= (from[at] & 0x7F) << (7 * at);
            if (from[at] < 0x80)
            {
                return at + 1;
            }
        }

        return -1;
    }
}
