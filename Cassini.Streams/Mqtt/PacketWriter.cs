using System.Buffers;
using System.Buffers.Binary;

namespace Cassini.Streams.Mqtt;

/// <summary>Writes the fields of a packet that is not on the hot path, because it allocates.</summary>
internal sealed class PacketWriter
{
    private readonly ArrayBufferWriter<byte> _body = new();

    public int Length => _body.WrittenCount;

    public ReadOnlySpan<byte> WrittenSpan => _body.WrittenSpan;

    public void WriteByte(byte value) => _body.Write([value]);

    public void WriteUInt16(int value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(_body.GetSpan(2), checked((ushort)value));
        _body.Advance(2);
    }

    public void WriteUInt32(uint value)
    {
        BinaryPrimitives.WriteUInt32BigEndian(_body.GetSpan(4), value);
        _body.Advance(4);
    }

    public void WriteVariableByteInteger(int value) =>
        _body.Advance(VariableByteInteger.Write(_body.GetSpan(VariableByteInteger.MaxBytes), value));

    public void WriteBinary(ReadOnlySpan<byte> value)
    {
        WriteUInt16(value.Length);
        _body.Write(value);
    }

    public void WriteString(string value) => WriteBinary(MqttText.Encode(value));

    public void WriteBytes(ReadOnlySpan<byte> value) => _body.Write(value);

    public void WriteBytes(PacketWriter other) => _body.Write(other._body.WrittenSpan);

    /// <summary>The packet: the fixed header, then the fields that were written.</summary>
    public byte[] ToPacket(PacketType type, byte flags = 0)
    {
        var packet = new byte[1 + VariableByteInteger.SizeOf(Length) + Length];
        packet[0] = (byte)(((int)type << 4) | flags);
        var header = 1 + VariableByteInteger.Write(packet.AsSpan(1), Length);
        _body.WrittenSpan.CopyTo(packet.AsSpan(header));
        return packet;
    }
}
