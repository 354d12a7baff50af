using System.Buffers.Binary;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Cluster.Links;

/// <summary>
/// One message in a frame: a byte with its QoS and whether it expires, for QoS 1 and 2 its number in the fleet, then topic, properties and
/// payload, each after its length, and the seconds until it expires before the properties. Or a mark: a byte and a number, which says that
/// what the sender published before it has come.
/// </summary>
internal static class FrameRecord
{
    private const byte QoSBits = 0b0000_0011;
    private const byte Expires = 0b0000_0100;
    private const byte IsMark = 0b1000_0000;
    private const int AudienceShift = 4;
    private const byte AudienceBits = 0b0011_0000;
    private const int LongestLength = 5;

    /// <summary>How many bytes a message takes at most.</summary>
    public static int MostBytesOf(in Publication message) =>
        1 + sizeof(ulong) + sizeof(uint) + (3 * LongestLength) + message.Topic.Utf8.Length + message.Properties.Length + message.Payload.Length;

    /// <summary>How many bytes a mark takes.</summary>
    public const int BytesOfMark = 1 + sizeof(ulong);

    /// <summary>Writes a mark.</summary>
    /// <returns>How many bytes it took.</returns>
    public static int WriteMark(Span<byte> to, ulong mark)
    {
        to[0] = IsMark;
        BinaryPrimitives.WriteUInt64LittleEndian(to[1..], mark);
        return BytesOfMark;
    }

    /// <summary>Writes a message.</summary>
    /// <param name="to">Room for <see cref="MostBytesOf"/>.</param>
    /// <param name="message">The message.</param>
    /// <param name="qos">The quality of service of this copy.</param>
    /// <param name="origin">The number of the message in the fleet. Not sent with QoS 0.</param>
    /// <param name="audience">Which subscribers it is for.</param>
    /// <returns>How many bytes it took.</returns>
    public static int Write(Span<byte> to, in Publication message, QualityOfService qos, ulong origin, Audience audience)
    {
        to[0] = (byte)((byte)qos | (message.Expiry is null ? 0 : Expires) | ((byte)audience << AudienceShift));
        var at = 1;
        if (qos != QualityOfService.AtMostOnce)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(to[at..], origin);
            at += sizeof(ulong);
        }

        at += WriteBytes(to[at..], message.Topic.Utf8);
        if (message.Expiry is { } seconds)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(to[at..], seconds);
            at += sizeof(uint);
        }

        at += WriteBytes(to[at..], message.Properties);
        return at + WriteBytes(to[at..], message.Payload);
    }

    /// <summary>Reads a mark, if one is next.</summary>
    /// <param name="body">What is left of the frame; without the mark afterwards.</param>
    /// <param name="mark">The mark.</param>
    public static bool TryReadMark(scoped ref ReadOnlySpan<byte> body, out ulong mark)
    {
        mark = 0;
        if (body.Length < BytesOfMark || body[0] != IsMark)
        {
            return false;
        }

        mark = BinaryPrimitives.ReadUInt64LittleEndian(body[1..]);
        body = body[BytesOfMark..];
        return true;
    }

    /// <summary>Reads the next message.</summary>
    /// <param name="body">What is left of the frame; without the message afterwards.</param>
    /// <param name="peer">The node that sent it.</param>
    /// <param name="message">The message.</param>
    /// <returns>False when it is none.</returns>
    public static bool TryRead(scoped ref ReadOnlySpan<byte> body, Subscriber peer, out PeerMessage message)
    {
        message = default;
        if (body.IsEmpty)
        {
            return false;
        }

        var meta = body[0];
        var rest = body[1..];
        var origin = 0UL;
        if ((meta & QoSBits) != 0)
        {
            if (!BinaryPrimitives.TryReadUInt64LittleEndian(rest, out origin))
            {
                return false;
            }

            rest = rest[sizeof(ulong)..];
        }

        var qos = (QualityOfService)(meta & QoSBits);
        var audience = (Audience)((meta & AudienceBits) >> AudienceShift);
        if ((meta & ~(QoSBits | Expires | AudienceBits)) != 0 || audience > Audience.Others || qos > QualityOfService.ExactlyOnce
            || !TryReadBytes(ref rest, out var topic) || !TopicName.IsValid(topic))
        {
            return false;
        }

        uint? expiry = null;
        if ((meta & Expires) != 0)
        {
            if (!BinaryPrimitives.TryReadUInt32LittleEndian(rest, out var seconds))
            {
                return false;
            }

            expiry = seconds;
            rest = rest[sizeof(uint)..];
        }

        if (!TryReadBytes(ref rest, out var properties) || !TryReadBytes(ref rest, out var payload))
        {
            return false;
        }

        message = new PeerMessage
        {
            Peer = peer, Topic = topic, Properties = properties, Payload = payload, Expiry = expiry, QoS = qos,
            Origin = origin, Audience = audience,
        };
        body = rest;
        return true;
    }

    private static int WriteBytes(Span<byte> to, ReadOnlySpan<byte> bytes)
    {
        var at = 0;
        var length = (uint)bytes.Length;
        for (; length >= 0x80; length >>= 7)
        {
            to[at++] = (byte)(length | 0x80);
        }

        to[at++] = (byte)length;
        bytes.CopyTo(to[at..]);
        return at + bytes.Length;
    }

    private static bool TryReadBytes(scoped ref ReadOnlySpan<byte> from, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        ulong length = 0;
        for (var at = 0; at < LongestLength && at < from.Length; at++)
        {
            length |= (ulong)(from[at] & 0x7F) << (7 * at);
            if ((from[at] & 0x80) == 0)
            {
                var begin = at + 1;
                if (length > (ulong)(from.Length - begin))
                {
                    return false;
                }

                bytes = from.Slice(begin, (int)length);
                from = from[(begin + (int)length)..];
                return true;
            }
        }

        return false;
    }
}
