using System.Net.Sockets;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Listening.Handshakes;

/// <summary>A socket's stream whose first reads return the bytes that were read from the socket before.</summary>
/// <param name="socket">The socket; the caller closes it.</param>
/// <param name="replayed">The bytes.</param>
internal sealed class ReplayStream(Socket socket, byte[] replayed) : DuplexStream
{
    private readonly NetworkStream _inner = new(socket, ownsSocket: false);
    private ReadOnlyMemory<byte> _replayed = replayed;

    /// <summary>Called once, before the first bytes are written.</summary>
    public Action? FirstWrite { get; set; }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        _replayed.IsEmpty ? _inner.ReadAsync(buffer, cancellationToken) : ValueTask.FromResult(Replay(buffer.Span));

    public override int Read(Span<byte> buffer) => _replayed.IsEmpty ? _inner.Read(buffer) : Replay(buffer);

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ReportFirstWrite();
        return _inner.WriteAsync(buffer, cancellationToken);
    }

    public override void Write(byte[] buffer, int offset, int count)
    {
        ReportFirstWrite();
        _inner.Write(buffer, offset, count);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _inner.Dispose();
        }

        base.Dispose(disposing);
    }

    private void ReportFirstWrite()
    {
        if (FirstWrite is { } report)
        {
            FirstWrite = null;
            report();
        }
    }

    private int Replay(Span<byte> buffer)
    {
        var count = Math.Min(buffer.Length, _replayed.Length);
        _replayed.Span[..count].CopyTo(buffer);

        // The record is dropped once it is played back: a connection lives long.
        _replayed = count == _replayed.Length ? default : _replayed[count..];
        return count;
    }
}
