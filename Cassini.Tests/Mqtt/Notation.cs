using System.Globalization;
using System.Text;

namespace Cassini.Tests.Mqtt;

/// <summary>
/// Packets as text: hexadecimal digits are bytes, <c>'text'</c> is a UTF-8 Encoded String with its length, <c>[ … ]</c> is
/// preceded by the length of what is in it as a Variable Byte Integer. A PINGREQ is <c>C0 []</c>.
/// </summary>
internal static class Notation
{
    public static byte[] Bytes(string text)
    {
        var at = 0;
        return Read(text, ref at);
    }

    private static byte[] Read(string text, ref int at)
    {
        var bytes = new List<byte>();
        while (at < text.Length)
        {
            var next = text[at];
            if (next == ' ')
            {
                at++;
            }
            else if (next == '[')
            {
                at++;
                var inner = Read(text, ref at);
                bytes.AddRange(Length(inner.Length));
                bytes.AddRange(inner);
            }
            else if (next == ']')
            {
                at++;
                return [.. bytes];
            }
            else if (next == '\'')
            {
                var end = text.IndexOf('\'', at + 1);
                bytes.AddRange(Text(text[(at + 1)..end]));
                at = end + 1;
            }
            else
            {
                bytes.Add(byte.Parse(text.AsSpan(at, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
                at += 2;
            }
        }

        return [.. bytes];
    }

    public static byte[] Text(string text)
    {
        var encoded = Encoding.UTF8.GetBytes(text);
        return [(byte)(encoded.Length >> 8), (byte)encoded.Length, .. encoded];
    }

    public static byte[] Length(int length)
    {
        var bytes = new List<byte>();
        for (; length >= 128; length /= 128)
        {
            bytes.Add((byte)((length % 128) + 128));
        }

        return [.. bytes, (byte)length];
    }
}
