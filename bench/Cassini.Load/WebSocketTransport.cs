using System.Buffers.Binary;
using System.Text;

namespace Cassini.Load;

/// <summary>
/// A WebSocket as a blocking stream: each write is one binary frame, and reads give what is in the broker's. As little of it as a load
/// needs: its mask is zero, so that masking costs the generator nothing; the broker takes it off all the same.
/// </summary>
internal sealed class WebSocketTransport : Stream
{
    private const int LongestHeader = 14;
    private readonly Stream _inner;
    private readonly byte[] _received = new byte[32 * 1024];
    private byte[] _frame = new byte[32 * 1024];
    private int _start;
    private int _end;
    private long _left;

    /// <exception cref="LoadException">The broker does not agree.</exception>
    public WebSocketTransport(Stream inner)
    {
        _inner = inner;
        inner.Write("GET /mqtt HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"u8);
        inner.Write("Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n"u8);
        var head = new StringBuilder();
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            Need(1);
            head.Append((char)_received[_start++]);
        }

        if (!head.ToString().StartsWith("HTTP/1.1 101 ", StringComparison.Ordinal))
        {
            throw new LoadException($"no WebSocket: {head.ToString().Split('\r')[0]}");
        }
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(Span<byte> buffer)
    {
        while (_left == 0)
        {
            if (!ReadHeader())
            {
                return 0;
            }
        }

        if (_start == _end && !Fill())
        {
            return 0;
        }

        var count = (int)Math.Min(Math.Min(buffer.Length, _left), _end - _start);
        _received.AsSpan(_start, count).CopyTo(buffer);
        _start += count;
        _left -= count;
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (_frame.Length < LongestHeader + buffer.Length)
        {
            _frame = new byte[LongestHeader + buffer.Length];
        }

        _frame[0] = 0x82;
        int header;
        switch (buffer.Length)
        {
            case <= 125:
                _frame[1] = (byte)(0x80 | buffer.Length);
                header = 2;
                break;
            case <= ushort.MaxValue:
                _frame[1] = 0x80 | 126;
                BinaryPrimitives.WriteUInt16BigEndian(_frame.AsSpan(2), (ushort)buffer.Length);
                header = 4;
                break;
            default:
                _frame[1] = 0x80 | 127;
                BinaryPrimitives.WriteInt64BigEndian(_frame.AsSpan(2), buffer.Length);
                header = 10;
                break;
        }

        _frame.AsSpan(header, sizeof(uint)).Clear();
        header += sizeof(uint);
        buffer.CopyTo(_frame.AsSpan(header));
        _inner.Write(_frame, 0, header + buffer.Length);
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush() => _inner.Flush();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _inner.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <summary>False at the end, which is also a close frame.</summary>
    private bool ReadHeader()
    {
        if (!TryNeed(2) || (_received[_start] & 0x0F) == 8)
        {
            return false;
        }

        int length = _received[_start + 1];
        var header = length switch
        {
            126 => 4,
            127 => 10,
            _ => 2,
        };
        if (!TryNeed(header))
        {
            return false;
        }

        _left = length switch
        {
            126 => BinaryPrimitives.ReadUInt16BigEndian(_received.AsSpan(_start + 2)),
            127 => BinaryPrimitives.ReadInt64BigEndian(_received.AsSpan(_start + 2)),
            _ => length,
        };
        _start += header;
        return true;
    }

    private void Need(int count)
    {
        if (!TryNeed(count))
        {
            throw new LoadException("the broker closed the connection instead of answering the WebSocket request");
        }
    }

    private bool TryNeed(int count)
    {
        while (_end - _start < count)
        {
            if (!Fill())
            {
                return false;
            }
        }

        return true;
    }

    private bool Fill()
    {
        if (_start == _end)
        {
            _start = _end = 0;
        }
        else if (_start > 0)
        {
            _received.AsSpan(_start, _end - _start).CopyTo(_received);
            (_start, _end) = (0, _end - _start);
        }

        var read = _inner.Read(_received, _end, _received.Length - _end);
        _end += read;
        return read > 0;
    }
}
