using System.Buffers.Binary;

namespace Cassini.Load;

/// <summary>What MQTT answers to each packet of a QoS 1 or 2 exchange, on both of its sides; collected, and written at once.</summary>
internal struct Answers : IPacketSink
{
    private const byte PubAck = 0x40;
    public const byte PubRec = 0x50;
    private const byte PubRel = 0x62;
    private const byte PubComp = 0x70;
    private byte[] _answers;
    private int _size;

    public Answers() => _answers = new byte[Frames.RecordSize];

    /// <summary>Publishes that arrived.</summary>
    public int Published;

    /// <summary>Own publishes with a complete exchange.</summary>
    public long Completed;

    public static byte[] Acknowledge(ushort id) => Packet(PubAck, id);

    public static byte[] Receive(ushort id) => Packet(PubRec, id);

    public static byte[] Release(ushort id) => Packet(PubRel, id);

    public static byte[] Complete(ushort id) => Packet(PubComp, id);

    /// <summary>Fails when an acknowledgement is a refusal. MQTT 5.0 may add a reason code; those from 0x80 are refusals.</summary>
    /// <exception cref="LoadException">It is a refusal.</exception>
    public static void Require(ReadOnlySpan<byte> body)
    {
        if (body.Length > 2 && body[2] >= 0x80)
        {
            throw new LoadException($"the broker refuses a publish: 0x{body[2]:X2}");
        }
    }

    public void Take(byte first, ReadOnlySpan<byte> body)
    {
        switch (first & 0xF0)
        {
            case 0x30:
                Published++;
                var qos = (first >> 1) & 3;
                if (qos > 0)
                {
                    Add(qos == 1 ? PubAck : PubRec, body[(2 + BinaryPrimitives.ReadUInt16BigEndian(body))..]);
                }

                break;
            case PubRec:
                Require(body);
                Add(PubRel, body);
                break;
            case PubRel & 0xF0:
                Add(PubComp, body);
                break;
            case PubAck or PubComp:
                Require(body);
                Completed++;
                break;
        }
    }

    public void Flush(MqttConnection connection)
    {
        if (_size > 0)
        {
            connection.Write(_answers.AsSpan(0, _size));
            _size = 0;
        }
    }

    private void Add(byte first, ReadOnlySpan<byte> identifier)
    {
        if (_size + 4 > _answers.Length)
        {
            Array.Resize(ref _answers, _answers.Length * 2);
        }

        _answers[_size] = first;
        _answers[_size + 1] = 2;
        _answers[_size + 2] = identifier[0];
        _answers[_size + 3] = identifier[1];
        _size += 4;
    }

    private static byte[] Packet(byte first, ushort id) => [first, 2, (byte)(id >> 8), (byte)id];
}
