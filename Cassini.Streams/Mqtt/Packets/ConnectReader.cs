using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Cassini.Streams.Mqtt.Properties;

namespace Cassini.Streams.Mqtt.Packets;

/// <summary>Reads CONNECT (MQTT 5.0 §3.1, 3.1.1 §3.1, 3.1 §3.1).</summary>
internal static class ConnectReader
{
    private const int ReservedFlag = 0x01;
    private const int CleanStartFlag = 0x02;
    private const int WillFlag = 0x04;
    private const int WillQoSShift = 3;
    private const int WillQoSBits = 0x18;
    private const int WillRetainFlag = 0x20;
    private const int PasswordFlag = 0x40;
    private const int UserNameFlag = 0x80;

    /// <summary>Of the protocol level: the sender is another broker.</summary>
    private const int BridgeFlag = 0x80;

    /// <summary>Reads the packet.</summary>
    /// <param name="frame">A frame of type CONNECT.</param>
    /// <param name="packet">The packet that was read.</param>
    /// <param name="version">The version that the sender uses, for the answer; 3.1.1 when it is not known.</param>
    /// <param name="violation">What was wrong.</param>
    public static bool TryRead(
        Frame frame, [NotNullWhen(true)] out ConnectPacket? packet, out ProtocolVersion version, out ProtocolViolation violation)
    {
        packet = null;
        version = ProtocolVersion.V311;
        if (!TryReadVersion(frame.Body, ref version, out var isBridge, out violation))
        {
            return false;
        }

        // Only 5.0 requires the shortest form, and the frame reader did not know the version yet.
        if (version == ProtocolVersion.V500 && frame.HeaderLength - 1 != VariableByteInteger.SizeOf(frame.Body.Length))
        {
            violation = ProtocolViolation.Malformed("MQTT-1.5.5-1", "the remaining length is not encoded in the fewest bytes");
            return false;
        }

        var reader = new PacketReader(frame.Body[HeadOf(version)..], version);
        packet = Read(ref reader, isBridge);
        violation = reader.Violation ?? default;
        return !reader.Failed;
    }

    /// <summary>
    /// The largest packet that the sender of an invalid CONNECT accepts, in bytes, as far as it can be read: the refusal must not be larger
    /// [MQTT-3.1.2-24].
    /// </summary>
    /// <param name="frame">A frame of type CONNECT.</param>
    /// <param name="version">The version that <see cref="TryRead"/> found.</param>
    public static int MaximumPacketSizeOf(Frame frame, ProtocolVersion version)
    {
        if (version != ProtocolVersion.V500)
        {
            return int.MaxValue;
        }

        var reader = new PacketReader(frame.Body[HeadOf(version)..], version);
        reader.ReadByte("the connect flags");
        reader.ReadUInt16("the keep alive");
        var properties = PropertyReader.Read(ref reader, PropertyOwner.Connect);
        return reader.Failed ? int.MaxValue : (int)Math.Min(properties.MaximumPacketSize ?? int.MaxValue, int.MaxValue);
    }

    /// <summary>The protocol's name [MQTT-3.1.2-1] and version [MQTT-3.1.2-2].</summary>
    private static bool TryReadVersion(
        ReadOnlySpan<byte> body, ref ProtocolVersion version, out bool isBridge, out ProtocolViolation violation)
    {
        isBridge = false;
        var reader = new PacketReader(body, version);
        var name = reader.ReadBinary("the protocol name");
        var level = reader.ReadByte("the protocol version");
        if (reader.Violation is { } failed)
        {
            violation = failed;
            return false;
        }

        var isOld = name.SequenceEqual(ProtocolVersion.V310.NameInConnect());
        if (!isOld && !name.SequenceEqual(ProtocolVersion.V311.NameInConnect()))
        {
            violation = new ProtocolViolation(
                ReasonCode.UnsupportedProtocolVersion, "MQTT-3.1.2-1", "the protocol name is neither MQTT nor MQIsdp");
            return false;
        }

        // Bridges announce themselves by the highest bit, in MQTT 3.1.1 and before. A refusal must be in the form of the version without
        // that bit, or they do not understand it and never try without.
        isBridge = (level & BridgeFlag) != 0;
        var spoken = (ProtocolVersion)(level & ~BridgeFlag);
        if (isOld ? spoken != ProtocolVersion.V310 : spoken != ProtocolVersion.V311 && (isBridge || spoken != ProtocolVersion.V500))
        {
            version = isOld ? ProtocolVersion.V310 : spoken >= ProtocolVersion.V500 ? ProtocolVersion.V500 : ProtocolVersion.V311;
            violation = new ProtocolViolation(
                ReasonCode.UnsupportedProtocolVersion,
                "MQTT-3.1.2-2",
                isOld ? $"protocol version {level} of MQIsdp is not spoken here; 3 (3.1) is"
                : $"protocol version {level} is not spoken here; 4 (3.1.1) and 5 (5.0) are");
            return false;
        }

        version = spoken;
        violation = default;
        return true;
    }

    /// <summary>How long the protocol's name and version are, in bytes.</summary>
    private static int HeadOf(ProtocolVersion version) => sizeof(ushort) + version.NameInConnect().Length + 1;

    private static ConnectPacket? Read(ref PacketReader reader, bool isBridge)
    {
        int flags = reader.ReadByte("the connect flags");
        CheckFlags(ref reader, flags);
        var keepAlive = reader.ReadUInt16("the keep alive");
        var properties = PropertyReader.Read(ref reader, PropertyOwner.Connect);
        if (!reader.Failed && properties is { AuthenticationData: not null, AuthenticationMethod: null })
        {
            reader.Fail(ProtocolViolation.Error("§3.1.2.11.10", "authentication data without an authentication method"));
        }

        var clientId = reader.ReadString("the client identifier");
        var cleanStart = (flags & CleanStartFlag) != 0;
        if (!reader.Failed && clientId.Length == 0 && EmptyClientId(reader.Version, cleanStart) is { } noClientId)
        {
            reader.Fail(noClientId);
        }

        var will = (flags & WillFlag) != 0 ? ReadWill(ref reader, flags) : null;
        var userName = Follows(reader, flags, UserNameFlag) ? reader.ReadString("the user name") : null;
        ImmutableArray<byte>? password = Follows(reader, flags, PasswordFlag) ? [.. reader.ReadBinary("the password")] : null;
        reader.ExpectEnd("CONNECT");
        return reader.Failed
            ? null
            : new ConnectPacket
            {
                Version = reader.Version,
                IsBridge = isBridge,
                ClientId = clientId,
                CleanStart = cleanStart,
                KeepAlive = keepAlive,
                Will = will,
                UserName = userName,
                Password = password,
                Properties = properties,
            };
    }

    /// <summary>Why there must be a client identifier; null when the broker may choose one.</summary>
    private static ProtocolViolation? EmptyClientId(ProtocolVersion version, bool cleanStart) => version switch
    {
        // 1 to 23 characters. More are taken, because many devices have longer ones.
        ProtocolVersion.V310 => new ProtocolViolation(
            ReasonCode.ClientIdentifierNotValid, "§3.1", "MQTT 3.1 needs a client identifier"),
        ProtocolVersion.V311 when !cleanStart => new ProtocolViolation(
            ReasonCode.ClientIdentifierNotValid, "MQTT-3.1.3-8", "an empty client identifier needs clean session"),
        _ => null,
    };

    /// <summary>
    /// Whether a user name or a password follows: what its flag says, unless the packet ends before, which MQTT 3.1 §3.1 allows.
    /// </summary>
    private static bool Follows(PacketReader reader, int flags, int flag) =>
        (flags & flag) != 0 && (reader.Version != ProtocolVersion.V310 || !reader.IsAtEnd);

    private static void CheckFlags(ref PacketReader reader, int flags)
    {
        if (reader.Failed)
        {
            return;
        }

        // MQTT 3.1 §3.1 does not use the reserved flag, and disregards the flags of a will that there is not.
        var isOld = reader.Version == ProtocolVersion.V310;
        var hasWill = (flags & WillFlag) != 0;
        flags &= isOld ? ~ReservedFlag : ~0;
        flags &= isOld && !hasWill ? ~(WillQoSBits | WillRetainFlag) : ~0;
        if ((flags & ReservedFlag) != 0)
        {
            reader.Fail(ProtocolViolation.Malformed("MQTT-3.1.2-3", "the reserved connect flag is set"));
        }
        else if (!hasWill && (flags & WillQoSBits) != 0)
        {
            reader.Fail(ProtocolViolation.Malformed(
                reader.Version < ProtocolVersion.V500 ? "MQTT-3.1.2-13" : "MQTT-3.1.2-11", "a will QoS without a will"));
        }
        else if ((flags & WillQoSBits) == WillQoSBits)
        {
            reader.Fail(ProtocolViolation.Malformed(
                reader.Version < ProtocolVersion.V500 ? "MQTT-3.1.2-14" : "MQTT-3.1.2-12", "the will's QoS is 3"));
        }
        else if (!hasWill && (flags & WillRetainFlag) != 0)
        {
            reader.Fail(ProtocolViolation.Malformed(
                reader.Version < ProtocolVersion.V500 ? "MQTT-3.1.2-15" : "MQTT-3.1.2-13", "will retain without a will"));
        }
        else if (reader.Version < ProtocolVersion.V500 && (flags & UserNameFlag) == 0 && (flags & PasswordFlag) != 0)
        {
            reader.Fail(ProtocolViolation.Malformed("MQTT-3.1.2-22", "a password without a user name"));
        }
    }

    private static WillMessage? ReadWill(ref PacketReader reader, int flags)
    {
        var properties = PropertyReader.Read(ref reader, PropertyOwner.Will);
        var topic = reader.ReadText("the will topic");
        if (!reader.Failed && !TopicName.IsValid(topic))
        {
            reader.Fail(topic.IsEmpty
                ? new ProtocolViolation(ReasonCode.TopicNameInvalid, "MQTT-4.7.3-1", "the will topic is empty")
                : new ProtocolViolation(
                    ReasonCode.TopicNameInvalid,
                    reader.Version < ProtocolVersion.V500 ? "MQTT-4.7.1-1" : "MQTT-4.7.0-1",
                    "the will topic has a wildcard"));
        }

        ImmutableArray<byte> payload = [.. reader.ReadBinary("the will payload")];
        return reader.Failed
            ? null
            : new WillMessage(
                MqttText.Decode(topic),
                payload,
                (QualityOfService)((flags & WillQoSBits) >> WillQoSShift),
                (flags & WillRetainFlag) != 0,
                properties);
    }
}
