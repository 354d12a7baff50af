using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Net.Sockets;
using System.Text;
using Cassini.Streams.Events;

namespace Cassini.Streams.Listening.Handshakes;

/// <summary>
/// Reads the first TLS record of a peer before it gets a handshake slot: a peer that sends half a hello costs a socket and the bytes
/// that came, and never a slot. TLS then reads these bytes from <see cref="SocketStream"/>.
/// </summary>
internal static class ClientHello
{
    private const byte HandshakeRecord = 0x16; // RFC 8446, section 5.1: ContentType handshake(22)
    private const byte MajorVersion = 3; // RFC 8446, section 5.1: legacy_record_version is 0x0301 or 0x0303
    private const int HeaderLength = 5;
    private const int FirstPart = 1_024; // most hellos are smaller
    private const int MaxRecordLength = 1 << 14; // RFC 8446, section 5.1: TLSPlaintext.length

    // RFC 9110, section 9.3, and the preface of HTTP/2.
    private static readonly ImmutableArray<string> HttpMethods =
        ["GET ", "HEAD ", "POST ", "PUT ", "DELETE ", "CONNECT ", "OPTIONS ", "TRACE ", "PATCH ", "PRI "];

    /// <summary>How many of the first bytes decide whether a peer speaks HTTP.</summary>
    public static readonly int LongestMethod = HttpMethods.Max(method => method.Length);

    /// <summary>Whether a connection can begin TLS at all, judged by its first byte. The others tell what it is instead.</summary>
    /// <param name="first">The first bytes that have come, at least one.</param>
    public static HandshakeRefusal? RefuseFirst(ReadOnlySpan<byte> first)
    {
        if (first[0] == HandshakeRecord)
        {
            return null;
        }

        var text = Encoding.ASCII.GetString(first);
        var isHttp = HttpMethods.Any(method => text.StartsWith(method, StringComparison.Ordinal));
        return new HandshakeRefusal(HandshakeFailure.NotTls, isHttp ? "plain HTTP" : $"its first byte is 0x{first[0]:x2}");
    }

    /// <summary>Reads one whole record of a peer whose first byte is not refused.</summary>
    /// <returns>The record, or why the peer is refused.</returns>
    /// <exception cref="SocketException">The peer reset the connection.</exception>
    public static async Task<(byte[] Record, HandshakeRefusal? Refusal)> ReadAsync(Socket socket, CancellationToken cancellation)
    {
        var header = new byte[HeaderLength];
        if (!await FillAsync(socket, header, 0, cancellation))
        {
            return ([], new HandshakeRefusal(HandshakeFailure.PeerClosed, "closed in the middle of its hello"));
        }

        var length = BinaryPrimitives.ReadUInt16BigEndian(header.AsSpan(3));
        if (header[1] != MajorVersion || length is 0 or > MaxRecordLength)
        {
            return ([], new HandshakeRefusal(
                HandshakeFailure.ProtocolError, $"its first record is of version {header[1]}.{header[2]} and {length} bytes long"));
        }

        // The buffer grows with the bytes that arrive, so that a peer that only announces a long record costs no memory.
        var record = header;
        for (var filled = HeaderLength; filled < HeaderLength + length; filled = record.Length)
        {
            Array.Resize(ref record, Math.Min(HeaderLength + length, filled + FirstPart));
            if (!await FillAsync(socket, record, filled, cancellation))
            {
                return ([], new HandshakeRefusal(HandshakeFailure.PeerClosed, "closed in the middle of its hello"));
            }
        }

        return (record, null);
    }

    private static async Task<bool> FillAsync(Socket socket, byte[] buffer, int filled, CancellationToken cancellation)
    {
        while (filled < buffer.Length)
        {
            var count = await socket.ReceiveAsync(buffer.AsMemory(filled), SocketFlags.None, cancellation);
            if (count == 0)
            {
                return false;
            }

            filled += count;
        }

        return true;
    }
}
