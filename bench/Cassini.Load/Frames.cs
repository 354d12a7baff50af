using System.Buffers.Binary;
using System.Text;

namespace Cassini.Load;

/// <summary>The few packets that a load sends, built once.</summary>
internal static class Frames
{
    /// <summary>No plaintext of a TLS record is longer (RFC 8446 §5.1).</summary>
    public const int RecordSize = 16_384;

    /// <summary>A frame of which a record holds fewer than 16 is written in four records at once.</summary>
    private const int LargeFrame = RecordSize / 16;

    /// <summary>CONNECT without a keep alive.</summary>
    /// <param name="clientId">The client identifier.</param>
    /// <param name="version5">Whether it is MQTT 5.0.</param>
    /// <param name="isKept">Whether the session outlives the connection.</param>
    public static byte[] Connect(string clientId, bool version5, bool isKept = false)
    {
        var body = new List<byte>();
        AddText(body, "MQTT");
        body.AddRange([version5 ? (byte)5 : (byte)4, isKept ? (byte)0 : (byte)0x02, 0, 0]);
        if (version5 && isKept)
        {
            body.AddRange([5, 0x11, 0, 0, 0x0E, 0x10]); // session expiry interval: an hour
        }
        else
        {
            AddProperties(body, version5);
        }

        AddText(body, clientId);
        return Packet(0x10, body);
    }

    public static byte[] Subscribe(string topic, int qos, bool version5)
    {
        var body = new List<byte> { 0, 1 };
        AddProperties(body, version5);
        AddText(body, topic);
        body.Add((byte)qos);
        return Packet(0x82, body);
    }

    public static byte[] Publish(string topic, int qos, int payload, bool version5)
    {
        var body = new List<byte>();
        AddText(body, topic);
        if (qos > 0)
        {
            body.AddRange([0, 0]); // stamped before each sending
        }

        AddProperties(body, version5);
        body.AddRange(new byte[payload]);
        return Packet((byte)(0x30 | (qos << 1)), body);
    }

    /// <summary>Where a publish of this topic keeps its packet identifier.</summary>
    public static int IdentifierOffset(byte[] publish, string topic) => HeaderSize(publish) + 2 + Encoding.UTF8.GetByteCount(topic);

    /// <summary>The same frame as often as one record holds it, or four of large ones, and at least once.</summary>
    public static byte[] Repeat(byte[] frame)
    {
        var records = frame.Length > LargeFrame ? 4 : 1;
        var chunk = new byte[Math.Max(1, records * RecordSize / frame.Length) * frame.Length];
        for (var at = 0; at < chunk.Length; at += frame.Length)
        {
            frame.CopyTo(chunk, at);
        }

        return chunk;
    }

    private static int HeaderSize(byte[] frame)
    {
        var size = 2;
        while ((frame[size - 1] & 0x80) != 0)
        {
            size++;
        }

        return size;
    }

    private static void AddProperties(List<byte> body, bool version5)
    {
        if (version5)
        {
            body.Add(0);
        }
    }

    private static void AddText(List<byte> body, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        Span<byte> length = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)bytes.Length);
        body.AddRange([.. length, .. bytes]);
    }

    private static byte[] Packet(byte first, List<byte> body)
    {
        var packet = new List<byte> { first };
        var rest = body.Count;
        do
        {
            packet.Add((byte)((rest & 0x7F) | (rest > 0x7F ? 0x80 : 0)));
            rest >>= 7;
        }
        while (rest > 0);
        packet.AddRange(body);
        return [.. packet];
    }
}
