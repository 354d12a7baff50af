using Cassini.Streams.Mqtt;
using Cassini.Tests.Mqtt;

namespace Cassini.Fuzz;

/// <summary>Ways to damage a packet.</summary>
internal static class Damage
{
    private static readonly byte[] Interesting =
    [
        0x00, 0x01, 0x02, 0x04, 0x7F, 0x80, 0x81, 0xC0, 0xED, 0xF4, 0xFE, 0xFF,
        (byte)'#', (byte)'+', (byte)'$', (byte)'/', 0x0B, 0x23, 0x26,
    ];

    /// <summary>Damages the body of the packet, and mostly corrects its remaining length: otherwise little gets past the header.</summary>
    public static byte[] Packet(Random random, byte[] packet, Func<byte[]> another)
    {
        var kind = random.Next(8);
        if (kind == 0)
        {
            return packet;
        }

        if (kind == 1)
        {
            return Bytes(random, packet);
        }

        var first = packet[0];
        var body = Body(packet);
        for (var times = Math.Max(1, random.Next(8) - 4); times > 0; times--)
        {
            body = random.Next(4) == 0 ? Splice(random, body, Body(another())) : Bytes(random, body);
        }

        if (random.Next(20) == 0)
        {
            first = (byte)random.Next(256);
        }

        return [first, .. Length(random, body.Length), .. body];
    }

    /// <summary>Damages bytes, whatever they mean.</summary>
    public static byte[] Bytes(Random random, byte[] bytes)
    {
        if (bytes.Length == 0)
        {
            return [(byte)random.Next(256)];
        }

        var at = random.Next(bytes.Length);
        var length = Math.Min(1 + random.Next(1 << random.Next(6)), bytes.Length - at);
        switch (random.Next(9))
        {
            case 0:
                return Changed(bytes, at, (byte)(bytes[at] ^ (1 << random.Next(8))));
            case 1:
                return Changed(bytes, at, Interesting[random.Next(Interesting.Length)]);
            case 2:
                return Changed(bytes, at, (byte)(bytes[at] + (random.Next(2) == 0 ? 1 : -1)));
            case 3:
                return [.. bytes[..at], (byte)random.Next(256), .. bytes[at..]];
            case 4:
                return [.. bytes[..at], .. bytes[(at + length)..]];
            case 5:
                // A property, a filter or a field, twice.
                return [.. bytes[..(at + length)], .. bytes[at..]];
            case 6:
                return bytes[..at];
            case 7:
                // A two-byte length or identifier at its edges.
                return at + 1 < bytes.Length
                    ? Changed(
                        Changed(bytes, at, Interesting[random.Next(Interesting.Length)]),
                        at + 1,
                        Interesting[random.Next(Interesting.Length)])
                    : bytes;
            default:
                var noise = new byte[length];
                random.NextBytes(noise);
                return [.. bytes[..at], .. noise, .. bytes[(at + length)..]];
        }
    }

    private static byte[] Splice(Random random, byte[] one, byte[] other) =>
        [.. one[..random.Next(one.Length + 1)], .. other[random.Next(other.Length + 1)..]];

    /// <summary>The length; sometimes another, or the same in more bytes than it needs.</summary>
    private static byte[] Length(Random random, int length)
    {
        switch (random.Next(12))
        {
            case 0:
                return Notation.Length(Math.Max(0, length + random.Next(-3, 4)));
            case 1:
                var longer = Notation.Length(length);
                longer[^1] |= 0x80;
                return [.. longer, 0];
            default:
                return Notation.Length(length);
        }
    }

    private static byte[] Body(byte[] packet) => packet[(1 + VariableByteInteger.Read(packet.AsSpan(1), out _))..];

    private static byte[] Changed(byte[] bytes, int at, byte value)
    {
        byte[] changed = [.. bytes];
        changed[at] = value;
        return changed;
    }
}
