namespace Cassini.Load;

/// <summary>Gets each whole packet. Implemented by structs, so that the loop is compiled for each.</summary>
internal interface IPacketSink
{
    /// <param name="first">Type and flags.</param>
    /// <param name="body">The bytes that the remaining length counts.</param>
    void Take(byte first, ReadOnlySpan<byte> body);
}

/// <summary>Reads what is there, and goes from header to header. A packet that is cut off at the end waits for the next read.</summary>
/// <param name="stream">The stream to read from.</param>
/// <param name="size">How much is read at once, and the longest packet.</param>
internal sealed class PacketReader(Stream stream, int size)
{
    public const int DefaultSize = 65_536;
    private readonly byte[] _buffer = new byte[size];
    private int _filled;
    private bool _mayHoldMore;

    /// <summary>Whole packets of the last read.</summary>
    public int Packets { get; private set; }

    /// <summary>Bytes of the last read.</summary>
    public int Bytes { get; private set; }

    /// <summary>Blocks until something came; false when the stream ended.</summary>
    /// <param name="sink">Gets the packets.</param>
    /// <param name="most">So many packets at most: the next read begins with those behind them.</param>
    public bool Read<T>(ref T sink, int most = int.MaxValue)
        where T : struct, IPacketSink
    {
        if (!_mayHoldMore && !Fill())
        {
            return false;
        }

        var bytes = _buffer.AsSpan(0, _filled);
        var rest = bytes[Walk(bytes, ref sink, most)..];
        rest.CopyTo(_buffer);
        _filled = rest.Length;
        _mayHoldMore = Packets == most;
        return true;
    }

    private bool Fill()
    {
        if (_filled == _buffer.Length)
        {
            throw new LoadException($"a packet of more than {_buffer.Length} bytes came");
        }

        Bytes = stream.Read(_buffer, _filled, _buffer.Length - _filled);
        _filled += Bytes;
        return Bytes > 0;
    }

    private int Walk<T>(ReadOnlySpan<byte> bytes, ref T sink, int most)
        where T : struct, IPacketSink
    {
        var at = 0;
        Packets = 0;
        while (Packets < most && bytes.Length - at >= 2)
        {
            var (length, header) = ((int)bytes[at + 1], 2);
            if (length > 0x7F && !TryLength(bytes[at..], out length, out header))
            {
                break;
            }

            if (bytes.Length - at < header + length)
            {
                break;
            }

            sink.Take(bytes[at], bytes.Slice(at + header, length));
            at += header + length;
            Packets++;
        }

        return at;
    }

    private static bool TryLength(ReadOnlySpan<byte> bytes, out int length, out int header)
    {
        (length, header) = (0, 1);
        for (var shift = 0; header < bytes.Length; shift += 7)
        {
            var part = bytes[header++];
            length |= (part & 0x7F) << shift;
            if (part <= 0x7F)
            {
                return true;
            }

            if (shift == 21)
            {
                throw new LoadException("a malformed remaining length came");
            }
        }

        return false;
    }
}
