using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Listening.Handshakes;

/// <summary>
/// A socket's stream for TLS. Until <see cref="EndHandshake"/> what follows a read does not run on the socket's thread
/// (<see cref="SocketThread"/>): it is the arithmetic of a handshake.
/// </summary>
/// <param name="socket">The socket.</param>
/// <param name="replayed">Bytes that were read from the socket before; the first reads return them.</param>
/// <param name="ownsSocket">Whether the socket is closed with it; otherwise the caller does that.</param>
internal sealed class SocketStream(Socket socket, byte[]? replayed = null, bool ownsSocket = false) : DuplexStream
{
    private readonly NetworkStream _inner = new(socket, ownsSocket);
    private ReadOnlyMemory<byte> _replayed = replayed;
    private bool _isHandshakeOver;

    /// <summary>Called once, before the first bytes are written.</summary>
    public Action? FirstWrite { get; set; }

    /// <summary>The handshake is over: what follows a read may run on the socket's thread.</summary>
    public void EndHandshake() => _isHandshakeOver = true;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        !_replayed.IsEmpty ? ValueTask.FromResult(Replay(buffer.Span))
        : _isHandshakeOver ? _inner.ReadAsync(buffer, cancellationToken)
        : ReadAndLeaveAsync(buffer, cancellationToken);

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

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> ReadAndLeaveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var read = await _inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        await SocketThread.LeaveAsync();
        return read;
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
