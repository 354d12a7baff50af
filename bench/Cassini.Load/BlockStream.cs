using System.Net.Sockets;

namespace Cassini.Load;

/// <summary>
/// A socket below TLS: reads as much as has come, and sends the records of one write together, so that the generator takes little of the
/// cores that it shares with the broker. Everything blocks. One reads, one writes.
/// </summary>
/// <param name="socket">The socket.</param>
/// <param name="size">How much is read at once.</param>
internal sealed class BlockStream(Socket socket, int size) : Stream
{
    private readonly byte[] _read = new byte[size];
    private byte[] _written = new byte[1_024];
    private int _start;
    private int _end;
    private int _count;

    /// <summary>Whether what is written waits for <see cref="Flush"/>; not during a handshake.</summary>
    public bool IsHeld { get; set; }

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(Span<byte> buffer)
    {
        if (buffer.IsEmpty)
        {
            return 0;
        }

        if (_start == _end)
        {
            (_start, _end) = (0, Receive());
        }

        var count = Math.Min(buffer.Length, _end - _start);
        _read.AsSpan(_start, count).CopyTo(buffer);
        _start += count;
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (_count + buffer.Length > _written.Length)
        {
            Array.Resize(ref _written, Math.Max(_written.Length * 2, _count + buffer.Length));
        }

        buffer.CopyTo(_written.AsSpan(_count));
        _count += buffer.Length;
        if (!IsHeld)
        {
            Flush();
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush()
    {
        var rest = _written.AsSpan(0, _count);
        _count = 0;
        try
        {
            while (!rest.IsEmpty)
            {
                rest = rest[socket.Send(rest)..];
            }
        }
        catch (SocketException failure)
        {
            throw new IOException(failure.Message, failure);
        }
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private int Receive()
    {
        try
        {
            return socket.Receive(_read);
        }
        catch (SocketException failure)
        {
            throw new IOException(failure.Message, failure);
        }
    }
}
