using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;

namespace Cassini.Tests.Mqtt;

/// <summary>What came of bytes that were read as packets one after another.</summary>
/// <param name="Status">How it ended: incomplete when all that was there is taken or waits for more.</param>
/// <param name="Packets">The packets that were read, as text.</param>
/// <param name="Consumed">How many bytes they had.</param>
/// <param name="Version">The version spoken at the end: a CONNECT sets it.</param>
/// <param name="Violation">What ended it.</param>
internal sealed record Reading(
    FrameStatus Status, List<string> Packets, int Consumed, ProtocolVersion? Version, ProtocolViolation Violation);

/// <summary>
/// Reads bytes as a receiver does and checks what the codec promises for any input: it ends, takes no more than is there, tells
/// each violation with a reason and a clause, and what it accepts reads the same after it was written again.
/// </summary>
internal static class CodecJudge
{
    public const int MaxPacketSize = 1 << 20;

    [ThreadStatic]
    private static bool _rereading;

    /// <summary>Reads all of <paramref name="input"/>.</summary>
    /// <param name="input">Any bytes.</param>
    /// <param name="version">The version spoken; null until a CONNECT tells it, which must then come first.</param>
    /// <param name="fromClient">Whether the bytes are a client's.</param>
    /// <exception cref="CodecFaultException">A promise was broken.</exception>
    public static Reading Read(ReadOnlySpan<byte> input, ProtocolVersion? version, bool fromClient)
    {
        var packets = new List<string>();
        var consumed = 0;
        while (true)
        {
            var rest = input[consumed..];
            var status = FrameReader.Read(rest, MaxPacketSize, version, out var frame, out var needed, out var violation);
            switch (status)
            {
                case FrameStatus.Incomplete:
                    Require(needed == 0 || needed > rest.Length, "an incomplete packet needs no more than is there");
                    Require(needed <= MaxPacketSize, "an incomplete packet needs more than is allowed");
                    return new Reading(status, packets, consumed, version, default);
                case FrameStatus.Violation:
                    return Violated(packets, consumed, version, violation);
            }

            Require(frame.Whole.Length <= rest.Length, "a packet is longer than the input");
            Require(frame.Whole.Length == frame.HeaderLength + frame.Body.Length, "header and body are not the packet");
            if (version is null && frame.Type != PacketType.Connect)
            {
                return new Reading(FrameStatus.Complete, packets, consumed, version, default);
            }

            if (!TryRead(frame, ref version, fromClient, out var packet, out violation))
            {
                return Violated(packets, consumed, version, violation);
            }

            Require(violation == default, "a packet was accepted with a violation");
            packets.Add(packet);
            consumed += frame.Whole.Length;
        }
    }

    private static Reading Violated(List<string> packets, int consumed, ProtocolVersion? version, ProtocolViolation violation)
    {
        Require(violation.Reason >= ReasonCode.UnspecifiedError, "a violation has no failure for a reason");
        Require(!string.IsNullOrWhiteSpace(violation.Clause), "a violation has no clause");
        Require(!string.IsNullOrWhiteSpace(violation.Message), "a violation has no message");
        return new Reading(FrameStatus.Violation, packets, consumed, version, violation);
    }

    private static bool TryRead(
        Frame frame, ref ProtocolVersion? version, bool fromClient, out string packet, out ProtocolViolation violation)
    {
        if (frame.Type == PacketType.Connect)
        {
            var isConnect = ConnectReader.TryRead(frame, out var connect, out var spoken, out violation);
            packet = Structure.Of(connect);
            if (isConnect)
            {
                version = spoken;
                Same(ConnectWriter.Write(connect!), spoken, fromClient, packet);
            }

            return isConnect;
        }

        return TryRead(frame, version!.Value, fromClient, out packet, out violation);
    }

    private static bool TryRead(Frame frame, ProtocolVersion version, bool fromClient, out string packet, out ProtocolViolation violation)
    {
        byte[]? again = null;
        bool read;
        switch (frame.Type)
        {
            case PacketType.ConnAck:
                read = ConnAckPacket.TryRead(frame, version, out var connAck, out violation);
                packet = Structure.Of(connAck);

                // 3.1.1 has six codes for many reasons.
                again = version == ProtocolVersion.V500 ? connAck?.Write(version) : null;
                break;
            case PacketType.Publish:
                read = PublishPacket.TryRead(frame, version, fromClient, out var publish, out violation);
                var spec = read ? PublishSpec.From(publish) : null;
                packet = Structure.Of(spec);
                again = spec?.Write(version);
                CheckPassThrough(read, publish, version, packet);
                break;
            case PacketType.PubAck or PacketType.PubRec or PacketType.PubRel or PacketType.PubComp:
                read = AckPacket.TryRead(frame, version, out var ack, out violation);
                packet = Structure.Of(ack);
                Span<byte> to = stackalloc byte[AckPacket.MaxSize];
                again = read ? to[..ack.Write(to, version)].ToArray() : null;
                break;
            case PacketType.Subscribe:
                read = SubscribePacket.TryRead(frame, version, int.MaxValue, out var subscribe, out violation);
                packet = Structure.Of(subscribe);
                again = subscribe?.Write(version);
                break;
            case PacketType.SubAck or PacketType.UnsubAck:
                read = SubAckPacket.TryRead(frame, version, out var subAck, out violation);
                packet = Structure.Of(subAck);

                // As above.
                again = version == ProtocolVersion.V500 ? subAck?.Write(version) : null;
                break;
            case PacketType.Unsubscribe:
                read = UnsubscribePacket.TryRead(frame, version, int.MaxValue, out var unsubscribe, out violation);
                packet = Structure.Of(unsubscribe);
                again = unsubscribe?.Write(version);
                break;
            case PacketType.PingReq or PacketType.PingResp:
                Require(frame.Body.IsEmpty, "a ping has a body");
                read = true;
                violation = default;
                packet = frame.Type.ToString();
                break;
            default:
                read = ReasonPacket.TryRead(frame, version, fromClient, out var reason, out violation);
                packet = Structure.Of(reason);
                again = reason?.Write(version);
                break;
        }

        Require(read || again is null, "a packet was made of a violation");
        if (again is not null)
        {
            Same(again, version, fromClient, packet);
        }

        return read;
    }

    /// <summary>What was written again is one packet, and says the same.</summary>
    private static void Same(byte[] again, ProtocolVersion version, bool fromClient, string packet)
    {
        if (_rereading)
        {
            return;
        }

        _rereading = true;
        try
        {
            var reading = Read(again, version, fromClient);
            Require(reading.Consumed == again.Length, $"what was written again is not one packet: {reading.Violation}");
            Require(
                reading.Packets is [var one] && one == packet,
                $"written again it is another packet: {string.Concat(reading.Packets)}, was {packet}");
        }
        finally
        {
            _rereading = false;
        }
    }

    /// <summary>A message's properties go through bit for bit.</summary>
    private static void CheckPassThrough(bool read, in PublishPacket packet, ProtocolVersion version, string text)
    {
        if (!read || version < ProtocolVersion.V500)
        {
            return;
        }

        var properties = packet.MessageProperties(new byte[packet.Properties.Length]);
        Require(properties.Length == packet.MessagePropertiesLength, "the message's properties are not as long as said");
        var spec = PublishSpec.From(packet) with { SubscriptionIdentifiers = [] };
        var bytes = spec.Write(version, properties);
        FrameReader.Read(bytes, int.MaxValue, version, out var frame, out _, out _);
        Require(
            PublishPacket.TryRead(frame, version, fromClient: false, out var again, out var violation),
            $"passed on it is none: {violation}");
        Require(again.MessageProperties(new byte[again.Properties.Length]).SequenceEqual(properties), "the message's properties changed");
        Require(Structure.Of(PublishSpec.From(again)) == text, "passed on it is another message");
    }

    private static void Require(bool holds, string fault)
    {
        if (!holds)
        {
            throw new CodecFaultException(fault);
        }
    }
}

/// <summary>The codec broke a promise.</summary>
internal sealed class CodecFaultException(string message) : Exception(message);
