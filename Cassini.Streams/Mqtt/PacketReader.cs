using System.Buffers.Binary;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Mqtt;

/// <summary>
/// Reads the fields of a packet one after another. The first violation stays in <see cref="Violation"/>, and every field read after it
/// is empty, so that the caller checks only once, at the end.
/// </summary>
internal ref struct PacketReader(ReadOnlySpan<byte> body, ProtocolVersion version)
{
    private ReadOnlySpan<byte> _rest = body;

    public readonly ProtocolVersion Version => version;

    public readonly bool IsAtEnd => _rest.IsEmpty;

    public readonly int Remaining => _rest.Length;

    public ProtocolViolation? Violation { get; private set; }

    public readonly bool Failed => Violation is not null;

    public void Fail(ProtocolViolation violation)
    {
        Violation ??= violation;
        _rest = default;
    }

    public byte ReadByte(string what)
    {
        if (_rest.IsEmpty)
        {
            FailShort(what);
            return 0;
        }

        var value = _rest[0];
        _rest = _rest[1..];
        return value;
    }

    public ushort ReadUInt16(string what)
    {
        if (_rest.Length < 2)
        {
            FailShort(what);
            return 0;
        }

        var value = BinaryPrimitives.ReadUInt16BigEndian(_rest);
        _rest = _rest[2..];
        return value;
    }

    public uint ReadUInt32(string what)
    {
        if (_rest.Length < 4)
        {
            FailShort(what);
            return 0;
        }

        var value = BinaryPrimitives.ReadUInt32BigEndian(_rest);
        _rest = _rest[4..];
        return value;
    }

    public int ReadVariableByteInteger(string what)
    {
        var taken = VariableByteInteger.Read(_rest, out var value);
        if (taken <= 0)
        {
            if (taken == 0)
            {
                FailShort(what);
            }
            else
            {
                Fail(ProtocolViolation.Malformed("§1.5.5", $"{what} has more than four bytes"));
            }

            return 0;
        }

        if (taken != VariableByteInteger.SizeOf(value))
        {
            Fail(ProtocolViolation.Malformed("MQTT-1.5.5-1", $"{what} is not encoded in the fewest bytes"));
            return 0;
        }

        _rest = _rest[taken..];
        return value;
    }

    public ReadOnlySpan<byte> ReadBinary(string what)
    {
        int length = ReadUInt16(what);
        if (_rest.Length < length)
        {
            FailShort(what);
            return default;
        }

        var value = _rest[..length];
        _rest = _rest[length..];
        return value;
    }

    /// <summary>Reads the bytes of a well-formed UTF-8 Encoded String.</summary>
    public ReadOnlySpan<byte> ReadText(string what)
    {
        var text = ReadBinary(what);
        if (MqttText.IsValid(text))
        {
            return text;
        }

        Fail(text.Contains((byte)0)
            ? ProtocolViolation.Malformed(version < ProtocolVersion.V500 ? "MQTT-1.5.3-2" : "MQTT-1.5.4-2", $"{what} contains U+0000")
            : ProtocolViolation.Malformed(
                version < ProtocolVersion.V500 ? "MQTT-1.5.3-1" : "MQTT-1.5.4-1", $"{what} is not well-formed UTF-8"));
        return default;
    }

    public string ReadString(string what) => MqttText.Decode(ReadText(what));

    /// <summary>
    /// Reads a topic filter that lacks no part. It may still be invalid, because of a wildcard: SUBACK and UNSUBACK answer that filter by
    /// filter.
    /// </summary>
    public string ReadFilter()
    {
        var filter = ReadText("a topic filter");
        if (!Failed && TopicFilter.Lack(filter) is { } lack)
        {
            Fail(lack);
            return "";
        }

        return MqttText.Decode(filter);
    }

    /// <summary>Fails when more filters follow than are accepted, without reading any of them.</summary>
    /// <param name="packet">The packet.</param>
    /// <param name="most">The most that are accepted.</param>
    /// <param name="optionsSize">How many bytes follow each.</param>
    public void ExpectFilters(PacketType packet, int most, int optionsSize)
    {
        // As a rule the packet is too short for so many.
        if (_rest.Length / (sizeof(ushort) + optionsSize) <= most)
        {
            return;
        }

        var count = 0;
        for (var rest = _rest; rest.Length >= sizeof(ushort); count++)
        {
            var size = sizeof(ushort) + BinaryPrimitives.ReadUInt16BigEndian(rest) + optionsSize;
            rest = rest[Math.Min(size, rest.Length)..];
        }

        if (count > most)
        {
            // No SUBACK or UNSUBACK answers it: it would answer each filter, and 3.1.1 has no code for that of UNSUBSCRIBE.
            Fail(new ProtocolViolation(
                ReasonCode.QuotaExceeded,
                version < ProtocolVersion.V500 ? "§4.8" : "§4.13.2",
                $"{packet} with {count:N0} topic filters; at most {most:N0} are accepted"));
        }
    }

    /// <summary>Reads the packet identifier of PUBLISH, SUBSCRIBE and UNSUBSCRIBE, which is never 0 [MQTT-2.2.1-3].</summary>
    public ushort ReadPacketId() => ReadPacketId(version < ProtocolVersion.V500 ? "MQTT-2.3.1-1" : "MQTT-2.2.1-3");

    /// <summary>Reads a packet identifier.</summary>
    /// <param name="clause">The clause that forbids 0.</param>
    public ushort ReadPacketId(string clause)
    {
        var id = ReadUInt16("the packet identifier");
        if (id == 0 && !Failed)
        {
            Fail(ProtocolViolation.Error(clause, "the packet identifier is 0"));
        }

        return id;
    }

    /// <summary>Reads <paramref name="length"/> bytes unchanged.</summary>
    public ReadOnlySpan<byte> Take(int length, string what)
    {
        if (_rest.Length < length)
        {
            FailShort(what);
            return default;
        }

        var taken = _rest[..length];
        _rest = _rest[length..];
        return taken;
    }

    public ReadOnlySpan<byte> TakeRest()
    {
        var rest = _rest;
        _rest = default;
        return rest;
    }

    public void ExpectEnd(string packet)
    {
        if (!_rest.IsEmpty)
        {
            FailAfterEnd(packet);
        }
    }

    /// <summary>Like the other overload; formats the packet's name only for a violation, because that boxes the enum's value.</summary>
    public void ExpectEnd(PacketType packet)
    {
        if (!_rest.IsEmpty)
        {
            FailAfterEnd(packet.ToString());
        }
    }

    /// <summary>The section of both standards about the length of a packet.</summary>
    public static string RemainingLength(ProtocolVersion? version) => version < ProtocolVersion.V500 ? "§2.2.3" : "§2.1.4";

    private void FailAfterEnd(string packet) =>
        Fail(ProtocolViolation.Malformed(
            RemainingLength(version), $"{Quantity.Of(_rest.Length, "byte follows", "bytes follow")} the end of {packet}"));

    private void FailShort(string what) => Fail(ProtocolViolation.Malformed(RemainingLength(version), $"the packet ends within {what}"));
}
