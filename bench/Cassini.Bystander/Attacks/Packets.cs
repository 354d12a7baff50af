using System.Buffers.Binary;
using System.Text;

namespace Cassini.Bystander.Attacks;

/// <summary>The packets of an attacker, of any size and made by hand: MQTT 5.0 where nothing else is said.</summary>
internal static class Packets
{
    public const uint SevenDays = 7 * 24 * 3_600;

    public static readonly byte[] Ping = [0xC0, 0];
    public static readonly byte[] Disconnect = [0xE0, 0];

    /// <param name="clientId">The client identifier.</param>
    /// <param name="expiry">How many seconds the session is kept; with 0 it is clean.</param>
    /// <param name="will">Without one the session has no will.</param>
    /// <param name="userProperties">How many user properties without a name or a value it has.</param>
    public static byte[] Connect(string clientId, uint expiry = 0, Will? will = null, int userProperties = 0)
    {
        var body = new List<byte>();
        AddText(body, "MQTT");
        body.AddRange([5, (byte)(0x02 | (will is null ? 0 : 0x04)), 0, 0]); // clean start, keep alive off
        AddProperties(
            body, [0x11, .. Big(expiry), .. Enumerable.Repeat((byte[])[0x26, 0, 0, 0, 0], userProperties).SelectMany(one => one)]);
        AddText(body, clientId);
        if (will is not null)
        {
            var properties = new List<byte> { 0x18 };
            properties.AddRange(Big(will.DelaySeconds));
            for (var left = will.PropertyBytes; left > 0; left -= 60_000)
            {
                properties.Add(0x26);
                AddText(properties, "p");
                AddText(properties, new string('v', Math.Min(left, 60_000)));
            }

            AddProperties(body, properties);
            AddText(body, will.Topic);
            AddText(body, new string('w', will.PayloadBytes));
        }

        return Packet(0x10, body);
    }

    /// <summary>A session that is not clean.</summary>
    public static byte[] Connect311(string clientId)
    {
        var body = new List<byte>();
        AddText(body, "MQTT");
        body.AddRange([4, 0, 0, 0]);
        AddText(body, clientId);
        return Packet(0x10, body);
    }

    /// <param name="qos">The same for all filters.</param>
    /// <param name="filters">At least one.</param>
    /// <param name="identifier">The subscription identifier; 0 for none.</param>
    public static byte[] Subscribe(int qos, IEnumerable<string> filters, int identifier = 0)
    {
        var body = new List<byte> { 0, 1 };
        AddProperties(body, identifier == 0 ? [] : [0x0B, .. Variable(identifier)]);
        foreach (var filter in filters)
        {
            AddText(body, filter);
            body.Add((byte)qos);
        }

        return Packet(0x82, body);
    }

    public static byte[] Unsubscribe(IEnumerable<string> filters)
    {
        var body = new List<byte> { 0, 1, 0 };
        foreach (var filter in filters)
        {
            AddText(body, filter);
        }

        return Packet(0xA2, body);
    }

    public static byte[] Publish(string topic, int qos, int payload, bool retain = false, int id = 1, bool version5 = true)
    {
        var body = new List<byte>();
        AddText(body, topic);
        if (qos > 0)
        {
            body.AddRange([(byte)(id >> 8), (byte)id]);
        }

        if (version5)
        {
            body.Add(0);
        }

        body.AddRange(new byte[payload]);
        return Packet((byte)(0x30 | (qos << 1) | (retain ? 1 : 0)), body);
    }

    public static byte[] Acknowledge(ReadOnlySpan<byte> id) => [0x40, 2, id[0], id[1]];

    /// <summary>The packet as often as it fits, and at least once.</summary>
    public static byte[] Repeat(byte[] packet, int bytes) =>
        [.. Enumerable.Repeat(packet, Math.Max(1, bytes / packet.Length)).SelectMany(one => one)];

    private static byte[] Packet(byte first, List<byte> body) => [first, .. Variable(body.Count), .. body];

    private static void AddProperties(List<byte> body, IReadOnlyCollection<byte> properties)
    {
        body.AddRange(Variable(properties.Count));
        body.AddRange(properties);
    }

    private static void AddText(List<byte> body, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        body.AddRange([(byte)(bytes.Length >> 8), (byte)bytes.Length, .. bytes]);
    }

    private static byte[] Big(uint value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return bytes;
    }

    private static List<byte> Variable(int value)
    {
        var bytes = new List<byte>();
        do
        {
            bytes.Add((byte)((value & 0x7F) | (value > 0x7F ? 0x80 : 0)));
            value >>= 7;
        }
        while (value > 0);
        return bytes;
    }
}
