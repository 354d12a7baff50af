using System.Threading.Channels;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Tls.Handshakes;

/// <summary>
/// One end of a connection in memory. A write completes the waiting read of the other end on the writer's own thread, so that two ends
/// on one thread need no other thread.
/// </summary>
internal sealed class MemoryConnection : DuplexStream
{
    private readonly Channel<byte[]> _incoming = Channel.CreateUnbounded<byte[]>(
        new UnboundedChannelOptions { AllowSynchronousContinuations = true, SingleReader = true, SingleWriter = true });

    private MemoryConnection? _other;
    private ReadOnlyMemory<byte> _unread;

    private MemoryConnection()
    {
    }

    public static (MemoryConnection One, MemoryConnection Other) Create()
    {
        var (one, other) = (new MemoryConnection(), new MemoryConnection());
        (one._other, other._other) = (other, one);
        return (one, other);
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_unread.IsEmpty)
        {
            if (!await _incoming.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
            {
                return 0;
            }

            _incoming.Reader.TryRead(out var next);
            _unread = next;
        }

        var count = Math.Min(buffer.Length, _unread.Length);
        _unread[..count].CopyTo(buffer);
        _unread = _unread[count..];
        return count;
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Write(buffer.Span);
        return ValueTask.CompletedTask;
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (!buffer.IsEmpty)
        {
            _other!._incoming.Writer.TryWrite(buffer.ToArray());
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    protected override void Dispose(bool disposing)
    {
        _other?._incoming.Writer.TryComplete();
        base.Dispose(disposing);
    }
}
