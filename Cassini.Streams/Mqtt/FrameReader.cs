namespace Cassini.Streams.Mqtt;

/// <summary>The result of reading a frame.</summary>
internal enum FrameStatus
{
    /// <summary>More bytes are needed.</summary>
    Incomplete,

    /// <summary>A whole packet was read.</summary>
    Complete,

    /// <summary>The bytes can never become a valid packet.</summary>
    Violation,
}

/// <summary>Splits bytes into control packets (MQTT 5.0 §2.1).</summary>
internal static class FrameReader
{
    private const int QoSBits = 0x06;

    /// <summary>Reads the packet at the beginning of <paramref name="input"/>, if it is complete.</summary>
    /// <param name="input">The bytes received so far.</param>
    /// <param name="maxPacketSize">The largest packet allowed, in bytes with its fixed header.</param>
    /// <param name="version">The protocol version of the connection; null before CONNECT.</param>
    /// <param name="frame">The packet, when complete.</param>
    /// <param name="needed">When incomplete: the length of the whole packet in bytes; 0 when it is not known yet.</param>
    /// <param name="violation">What was wrong.</param>
    public static FrameStatus Read(
        ReadOnlySpan<byte> input, int maxPacketSize, ProtocolVersion? version,
        out Frame frame, out int needed, out ProtocolViolation violation)
    {
        frame = default;
        needed = 0;
        violation = default;
        if (input.IsEmpty)
        {
            return FrameStatus.Incomplete;
        }

        if (CheckFirstByte(input[0], version) is { } wrong)
        {
            violation = wrong;
            return FrameStatus.Violation;
        }

        var lengthBytes = VariableByteInteger.Read(input[1..], out var remaining);
        if (lengthBytes == 0)
        {
            return FrameStatus.Incomplete;
        }

        if (lengthBytes < 0)
        {
            violation = ProtocolViolation.Malformed(PacketReader.RemainingLength(version), "the remaining length has more than four bytes");
            return FrameStatus.Violation;
        }

        // 3.1.1 does not require the shortest form.
        if (version == ProtocolVersion.V500 && lengthBytes != VariableByteInteger.SizeOf(remaining))
        {
            violation = ProtocolViolation.Malformed("MQTT-1.5.5-1", "the remaining length is not encoded in the fewest bytes");
            return FrameStatus.Violation;
        }

        var length = 1 + lengthBytes + remaining;
        if (length > maxPacketSize)
        {
            violation = new ProtocolViolation(
                ReasonCode.PacketTooLarge,
                version < ProtocolVersion.V500 ? "§2.2.3" : "MQTT-3.2.2-15",
                $"a packet of {length:N0} bytes; at most {maxPacketSize:N0} are allowed");
            return FrameStatus.Violation;
        }

        if (remaining > 0 && (PacketType)(input[0] >> 4) is PacketType.PingReq or PacketType.PingResp)
        {
            // Neither packet has a variable header or a payload; the section numbers are the same in both versions.
            violation = input[0] >> 4 == (int)PacketType.PingReq
                ? ProtocolViolation.Malformed("§3.12", "PINGREQ has a body")
                : ProtocolViolation.Malformed("§3.13", "PINGRESP has a body");
            return FrameStatus.Violation;
        }

        if (input.Length < length)
        {
            needed = length;
            return FrameStatus.Incomplete;
        }

        frame = new Frame(input[..length], 1 + lengthBytes);
        return FrameStatus.Complete;
    }

    /// <summary>Checks type and reserved flags [MQTT-2.1.3-1] (3.1.1: [MQTT-2.2.2-2]) before the rest of the packet has arrived.</summary>
    private static ProtocolViolation? CheckFirstByte(byte first, ProtocolVersion? version)
    {
        var type = (PacketType)(first >> 4);
        var flags = first & 0x0F;
        switch (type)
        {
            case PacketType.Publish:
                return CheckPublishFlags(flags, version);
            case PacketType.PubRel or PacketType.Subscribe or PacketType.Unsubscribe:
                // MQTT 3.1 §2.1: such a packet may be sent again with DUP, and RETAIN is not used.
                return flags == 2 || (version == ProtocolVersion.V310 && (flags & QoSBits) == 2) ? null : ReservedFlags(type, version);
            case PacketType.Reserved:
                return ProtocolViolation.Malformed(version < ProtocolVersion.V500 ? "§2.2.1" : "§2.1.2", "packet type 0 is reserved");
            case PacketType.Auth when version < ProtocolVersion.V500:
                return ProtocolViolation.Malformed("§2.2.1", "packet type 15 is reserved before MQTT 5.0");
            default:
                return flags == 0 ? null : ReservedFlags(type, version);
        }
    }

    private static ProtocolViolation? CheckPublishFlags(int flags, ProtocolVersion? version)
    {
        var qos = (flags >> 1) & 3;
        if (qos == 3)
        {
            return ProtocolViolation.Malformed("MQTT-3.3.1-4", "QoS 3 does not exist");
        }

        return qos == 0 && (flags & 8) != 0
            ? new ProtocolViolation(
                version < ProtocolVersion.V500 ? ReasonCode.MalformedPacket : ReasonCode.ProtocolError,
                "MQTT-3.3.1-2",
                "DUP is set on a QoS 0 message")
            : null;
    }

    private static ProtocolViolation ReservedFlags(PacketType type, ProtocolVersion? version)
    {
        // Where a separate clause states the receiver's duty, it has the same number in both versions.
        var clause = type switch
        {
            PacketType.PubRel => "MQTT-3.6.1-1",
            PacketType.Subscribe => "MQTT-3.8.1-1",
            PacketType.Unsubscribe => "MQTT-3.10.1-1",
            PacketType.Disconnect => "MQTT-3.14.1-1",
            PacketType.Auth => "MQTT-3.15.1-1",
            _ => version < ProtocolVersion.V500 ? "MQTT-2.2.2-2" : "MQTT-2.1.3-1",
        };
        return ProtocolViolation.Malformed(clause, $"reserved flags of {type} are not as they must be");
    }
}
