using System.Buffers.Binary;
using System.Text;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Cluster.Links;

/// <summary>
/// One message in a frame: a byte with its QoS and flags, with QoS 1 and 2 its number in the fleet, then topic, properties and payload,
/// each after its length, and the seconds until it expires before the properties. What is retained on each node has there when it
/// expires, its stamp, and who pays for it. One for a member of a shared subscription has the filter of that before its topic, and how
/// often it was handed on. Or a mark, a byte and a number: what the sender published before it has come. Or whom what follows is for, of
/// what was kept: a byte, an <see cref="Addressing"/>, and hashes of clients after their length.
/// </summary>
internal static class FrameRecord
{
    private const byte QoSBits = 0b0000_0011;
    private const byte Expires = 0b0000_0100;
    private const byte Retain = 0b0000_1000;
    private const byte Changes = 0b0001_0000;
    private const byte Silent = 0b0010_0000;
    private const byte ForKeepers = 0b0100_0000;
    private const byte ForOthers = 0b1000_0000;

    /// <summary>Only to nodes that have said that they have members.</summary>
    private const byte ForShare = ForKeepers | ForOthers;

    /// <summary>No message begins with it, because none has a QoS of 3.</summary>
    private const byte IsMark = 0b1111_1111;

    /// <summary>Nor with this one.</summary>
    private const byte IsAddressing = 0b1111_0111;
    private const int LongestLength = 5;

    /// <summary>How many bytes a message takes at most.</summary>
    public static int MostBytesOf(in Publication message, string? share = null) =>
        1 + sizeof(ulong) + sizeof(uint) + (3 * LongestLength)
        + message.Topic.Utf8.Length + message.Properties.Length + message.Payload.Length
        + (share is null ? 0 : 1 + LongestLength + Encoding.UTF8.GetByteCount(share)) + (message.Change is { } change ? RoomOf(change) : 0);

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

    /// <summary>How many bytes an addressing takes at most.</summary>
    /// <param name="clients">How many clients it names.</param>
    public static int MostBytesOfAddressing(int clients) => 2 + LongestLength + (sizeof(ulong) * clients);

    /// <summary>Writes whom what follows is for.</summary>
    /// <returns>How many bytes it took.</returns>
    public static int WriteAddressing(Span<byte> to, Addressing addressing, ReadOnlySpan<ulong> clients)
    {
        (to[0], to[1]) = (IsAddressing, (byte)addressing);
        var hashes = new byte[sizeof(ulong) * clients.Length];
        for (var i = 0; i < clients.Length; i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(hashes.AsSpan(sizeof(ulong) * i), clients[i]);
        }

        return 2 + WriteBytes(to[2..], hashes);
    }

    /// <summary>Reads whom what follows is for, if that is next.</summary>
    /// <param name="body">What is left of the frame; without it afterwards.</param>
    /// <param name="addressing">What it says.</param>
    /// <param name="clients">The hashes of the clients that it names.</param>
    public static bool TryReadAddressing(scoped ref ReadOnlySpan<byte> body, out Addressing addressing, out ulong[] clients)
    {
        (addressing, clients) = (default, []);
        if (body.Length < 2 || body[0] != IsAddressing || body[1] > (byte)Addressing.More)
        {
            return false;
        }

        var rest = body[2..];
        if (!TryReadBytes(ref rest, out var hashes) || hashes.Length % sizeof(ulong) != 0)
        {
            return false;
        }

        addressing = (Addressing)body[1];
        clients = new ulong[hashes.Length / sizeof(ulong)];
        for (var i = 0; i < clients.Length; i++)
        {
            clients[i] = BinaryPrimitives.ReadUInt64LittleEndian(hashes[(sizeof(ulong) * i)..]);
        }

        body = rest;
        return true;
    }

    private static int RoomOf(RetainedChange change) =>
        sizeof(long) + RetainedStamp.Size + LongestLength + Encoding.UTF8.GetMaxByteCount(change.Identity.Length);

    /// <summary>Writes a message.</summary>
    /// <param name="to">Room for <see cref="MostBytesOf"/>.</param>
    /// <param name="message">The message.</param>
    /// <param name="qos">The quality of service of this copy.</param>
    /// <param name="origin">The number of the message in the fleet. Not sent with QoS 0.</param>
    /// <param name="audience">Which subscribers it is for.</param>
    /// <param name="share">The filter of the shared subscription that it is for; null when it is for all others.</param>
    /// <returns>How many bytes it took.</returns>
    public static int Write(
        Span<byte> to, in Publication message, QualityOfService qos, ulong origin, Audience audience, string? share = null)
    {
        // What is retained comes beside it.
        var change = share is null ? message.Change : null;
        var expires = change is null ? message.Expiry is not null : change.ExpiresAt is not null;
        to[0] = (byte)((byte)qos | (expires ? Expires : 0) | (message.Retain ? Retain : 0)
            | (change is null ? 0 : Changes) | (change is { IsSilent: true } ? Silent : 0)
            | (share is not null ? ForShare : audience == Audience.Keepers ? ForKeepers : audience == Audience.Others ? ForOthers : 0));
        var at = 1;
        if (qos != QualityOfService.AtMostOnce)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(to[at..], origin);
            at += sizeof(ulong);
        }

        if (share is not null)
        {
            at += WriteBytes(to[at..], MqttText.Encode(share));
            to[at++] = (byte)(message.IsOfPeer ? message.Hops + 1 : 0);
        }

        at += WriteBytes(to[at..], message.Topic.Utf8);
        if (change is not null)
        {
            at += Write(to[at..], change);
            at += WriteBytes(to[at..], message.RetainedProperties);
            return at + WriteBytes(to[at..], message.Payload);
        }

        if (message.Expiry is { } seconds)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(to[at..], seconds);
            at += sizeof(uint);
        }

        at += WriteBytes(to[at..], message.Properties);
        return at + WriteBytes(to[at..], message.Payload);
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
        var qos = (QualityOfService)(meta & QoSBits);
        var origin = 0UL;
        if (qos != QualityOfService.AtMostOnce)
        {
            if (!BinaryPrimitives.TryReadUInt64LittleEndian(rest, out origin))
            {
                return false;
            }

            rest = rest[sizeof(ulong)..];
        }

        string? share = null;
        byte hops = 0;
        var isShared = (meta & ForShare) == ForShare;
        if (isShared && !TryReadShare(ref rest, out share, out hops))
        {
            return false;
        }

        if ((isShared && (meta & Changes) != 0) || qos > QualityOfService.ExactlyOnce
            || !TryReadBytes(ref rest, out var topic) || !TopicName.IsValid(topic))
        {
            return false;
        }

        uint? expiry = null;
        RetainedChange? change = null;
        if ((meta & Changes) != 0)
        {
            if (!TryRead(ref rest, (meta & Expires) != 0, (meta & Silent) != 0, out change))
            {
                return false;
            }
        }
        else if ((meta & Expires) != 0)
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
            Peer = peer,
            Origin = origin,
            Share = share,
            Hops = hops,
            Audience = (meta & ForShare) switch
            {
                ForKeepers => Audience.Keepers,
                ForOthers => Audience.Others,
                _ => Audience.All,
            },
            Topic = topic,
            Properties = properties,
            Payload = payload,
            Expiry = expiry,
            QoS = qos,
            Retain = (meta & Retain) != 0,
            Change = change,
        };
        body = rest;
        return true;
    }

    private static bool TryReadShare(scoped ref ReadOnlySpan<byte> from, out string? share, out byte hops)
    {
        (share, hops) = (null, 0);
        if (!TryReadBytes(ref from, out var filter) || from.IsEmpty || !TopicFilter.TryParse(filter, out var name, out _) || name.IsEmpty)
        {
            return false;
        }

        (share, hops) = (MqttText.Decode(filter), from[0]);
        from = from[1..];
        return true;
    }

    /// <summary>Writes a stamp.</summary>
    /// <returns>How many bytes it took.</returns>
    public static int WriteStamp(Span<byte> to, RetainedStamp stamp)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(to, stamp.Clock);
        BinaryPrimitives.WriteUInt64LittleEndian(to[sizeof(ulong)..], stamp.Origin);
        return RetainedStamp.Size;
    }

    /// <summary>Reads a stamp.</summary>
    public static bool TryReadStamp(scoped ref ReadOnlySpan<byte> from, out RetainedStamp stamp)
    {
        stamp = default;
        if (from.Length < RetainedStamp.Size)
        {
            return false;
        }

        stamp = new RetainedStamp(
            BinaryPrimitives.ReadUInt64LittleEndian(from), BinaryPrimitives.ReadUInt64LittleEndian(from[sizeof(ulong)..]));
        from = from[RetainedStamp.Size..];
        return stamp.IsGiven;
    }

    private static int Write(Span<byte> to, RetainedChange change)
    {
        var at = 0;
        if (change.ExpiresAt is { } utc)
        {
            BinaryPrimitives.WriteInt64LittleEndian(to, utc);
            at = sizeof(long);
        }

        at += WriteStamp(to[at..], change.Stamp);
        return at + WriteBytes(to[at..], Encoding.UTF8.GetBytes(change.Identity));
    }

    private static bool TryRead(scoped ref ReadOnlySpan<byte> from, bool expires, bool isSilent, out RetainedChange? change)
    {
        change = null;
        long? expiresAt = null;
        if (expires)
        {
            if (!BinaryPrimitives.TryReadInt64LittleEndian(from, out var utc) || utc < 0)
            {
                return false;
            }

            expiresAt = utc;
            from = from[sizeof(long)..];
        }

        if (!TryReadStamp(ref from, out var stamp) || !TryReadBytes(ref from, out var identity))
        {
            return false;
        }

        change = new RetainedChange(stamp, Encoding.UTF8.GetString(identity), expiresAt, isSilent);
        return true;
    }

    /// <summary>Writes bytes after their length.</summary>
    /// <returns>How many bytes both took.</returns>
    public static int WriteBytes(Span<byte> to, ReadOnlySpan<byte> bytes)
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

    /// <summary>Reads bytes after their length.</summary>
    public static bool TryReadBytes(scoped ref ReadOnlySpan<byte> from, out ReadOnlySpan<byte> bytes)
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
