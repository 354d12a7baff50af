using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Cassini.Load.Kills;

/// <summary>The messages of a run: their payload is their number, which begins with 1.</summary>
/// <param name="mostQoS">2: QoS 1 and 2 in turn; 1: all of QoS 1.</param>
/// <param name="version5">Whether it is MQTT 5.0.</param>
internal sealed class NumberedMessages(int mostQoS, bool version5)
{
    public const string Filter = "kill/+";

    public int MostQoS => mostQoS;

    public int QoSOf(long number) => number % 2 == 0 ? mostQoS : 1;

    /// <summary>The bytes of a PUBLISH.</summary>
    public byte[] Publish(long number, ushort id, bool isAgain)
    {
        var (qos, text) = (QoSOf(number), number.ToString(CultureInfo.InvariantCulture));
        var topic = $"kill/{qos}";
        var frame = Frames.Publish(topic, qos, text.Length, version5);
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(Frames.IdentifierOffset(frame, topic)), id);
        Encoding.ASCII.GetBytes(text, frame.AsSpan(frame.Length - text.Length));
        frame[0] |= (byte)(isAgain ? 0x08 : 0);
        return frame;
    }

    /// <summary>The packet identifier and the number in the body of a PUBLISH of QoS 1 or 2.</summary>
    /// <exception cref="LoadException">It has no number.</exception>
    public (ushort Id, long Number) Read(ReadOnlySpan<byte> body)
    {
        var at = 2 + BinaryPrimitives.ReadUInt16BigEndian(body);
        var id = BinaryPrimitives.ReadUInt16BigEndian(body[at..]);
        var payload = body[(at + 2)..];
        if (version5)
        {
            // So few properties that one byte says how long they are.
            payload = payload[(1 + payload[0])..];
        }

        return long.TryParse(payload, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? (id, number)
            : throw new LoadException("a message without a number came");
    }
}
