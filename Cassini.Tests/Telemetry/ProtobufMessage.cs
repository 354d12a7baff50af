using System.Buffers.Binary;
using System.Text;

namespace Cassini.Tests.Telemetry;

/// <summary>A message of Protocol Buffers as its fields by number: enough to read OTLP without its generated code.</summary>
internal sealed class ProtobufMessage
{
    private readonly List<(int Number, ReadOnlyMemory<byte> Bytes, ulong Value)> _fields = [];

    public ProtobufMessage(ReadOnlyMemory<byte> bytes)
    {
        var at = 0;
        while (at < bytes.Length)
        {
            var key = Varint(bytes.Span, ref at);
            var number = (int)(key >> 3);
            switch (key & 7)
            {
                case 0:
                    _fields.Add((number, default, Varint(bytes.Span, ref at)));
                    break;
                case 1:
                    _fields.Add((number, default, BinaryPrimitives.ReadUInt64LittleEndian(bytes.Span[at..])));
                    at += 8;
                    break;
                case 2:
                    var length = (int)Varint(bytes.Span, ref at);
                    _fields.Add((number, bytes.Slice(at, length), 0));
                    at += length;
                    break;
                case 5:
                    _fields.Add((number, default, BinaryPrimitives.ReadUInt32LittleEndian(bytes.Span[at..])));
                    at += 4;
                    break;
                default:
                    throw new FormatException($"wire type {key & 7}");
            }
        }
    }

    public IEnumerable<ProtobufMessage> Messages(int number) => Of(number).Select(field => new ProtobufMessage(field.Bytes));

    public string Text(int number) => Encoding.UTF8.GetString(Of(number).Select(field => field.Bytes).FirstOrDefault().Span);

    public string Hex(int number) => Convert.ToHexStringLower(Of(number).Select(field => field.Bytes).FirstOrDefault().Span);

    public ulong Number(int number) => Of(number).Select(field => field.Value).FirstOrDefault();

    private static ulong Varint(ReadOnlySpan<byte> bytes, ref int at)
    {
        var value = 0UL;
        for (var shift = 0; ; shift += 7)
        {
            var part = bytes[at++];
            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80)
            {
                return value;
            }
        }
    }

    private IEnumerable<(int Number, ReadOnlyMemory<byte> Bytes, ulong Value)> Of(int number) =>
        _fields.Where(field => field.Number == number);
}
