namespace Cassini.Bystander.Attacks;

/// <summary>Goes from packet to packet in what was read. Of a packet that is larger than the buffer it gives the beginning.</summary>
internal sealed class PacketWalker
{
    private readonly byte[] _buffer = new byte[8_192];
    private int _start;
    private int _end;
    private int _skip;

    /// <summary>Where the next bytes go. Never empty after <see cref="TryNext"/> was false.</summary>
    public Memory<byte> Space()
    {
        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        (_start, _end) = (0, _end - _start);
        return _buffer.AsMemory(_end);
    }

    public void Filled(int count) => _end += count;

    /// <param name="first">Type and flags.</param>
    /// <param name="body">The body, or its beginning.</param>
    public bool TryNext(out byte first, out ReadOnlySpan<byte> body)
    {
        first = 0;
        body = default;
        var skipped = Math.Min(_skip, _end - _start);
        _skip -= skipped;
        _start += skipped;
        var bytes = _buffer.AsSpan(_start, _end - _start);
        if (_skip > 0 || !TryHeader(bytes, out var header, out var length))
        {
            return false;
        }

        var room = _buffer.Length - header;
        var wanted = Math.Min(length, room);
        if (bytes.Length - header < wanted)
        {
            return false;
        }

        first = bytes[0];
        body = bytes.Slice(header, wanted);
        _start += header + wanted;
        _skip = length - wanted;
        return true;
    }

    private static bool TryHeader(ReadOnlySpan<byte> bytes, out int header, out int length)
    {
        (header, length) = (1, 0);
        for (var shift = 0; header < bytes.Length && shift <= 21; shift += 7)
        {
            var part = bytes[header++];
            length |= (part & 0x7F) << shift;
            if (part <= 0x7F)
            {
                return true;
            }
        }

        return false;
    }
}
