using System.Buffers;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Cassini.Streams.Listening.Connections;
using Cassini.Streams.Listening.Endpoints;
using Cassini.Streams.Primitives;
using Cassini.Streams.Quotas;

namespace Cassini.Streams.Listening.Handshakes;

/// <summary>
/// A socket's stream for TLS, which reads and writes a record at a time. When more has come than one, the socket is read for several at
/// once, and records that belong together are sent together: the calls to the system, and what the network does for each, cost more than
/// encryption. The blocks for that are there only while they are needed, and none is while a read waits. Until
/// <see cref="EndHandshake"/> what follows a read does not run on the socket's thread (<see cref="SocketThread"/>): it is the arithmetic
/// of a handshake.
/// </summary>
/// <param name="socket">The socket.</param>
/// <param name="replayed">Bytes that were read from the socket before; the first reads return them.</param>
/// <param name="ownsSocket">Whether the socket is closed with it; otherwise the caller does that.</param>
internal sealed class SocketStream(Socket socket, byte[]? replayed = null, bool ownsSocket = false) : DuplexStream, ITransport
{
    /// <summary>How much is read or sent at once: four records.</summary>
    private const int BlockSize = 64 * 1024;

    private readonly NetworkStream _inner = new(socket, ownsSocket);
    private ReadOnlyMemory<byte> _replayed = replayed;
    private bool _isHandshakeOver;
    private bool _mayHaveMore;
    private byte[]? _ahead;
    private int _aheadStart;
    private int _aheadEnd;
    private byte[]? _held;
    private int _heldCount;
    private volatile bool _isDisposed;

    /// <inheritdoc/>
    public AccountMemory? Memory { private get; set; }

    /// <inheritdoc/>
    public bool HasUnread => Volatile.Read(ref _aheadEnd) > Volatile.Read(ref _aheadStart) || Sockets.HasUnread(socket);

    /// <inheritdoc/>
    public bool IsHolding { private get; set; }

    /// <summary>Called once, before the first bytes are written.</summary>
    public Action? FirstWrite { get; set; }

    /// <summary>The handshake is over: what follows a read may run on the socket's thread.</summary>
    public void EndHandshake() => _isHandshakeOver = true;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        !_replayed.IsEmpty ? ValueTask.FromResult(Replay(buffer.Span))
        : !_isHandshakeOver ? ReadAndLeaveAsync(buffer, cancellationToken)
        : _aheadEnd > _aheadStart || TryReadAhead(buffer.Length) ? ValueTask.FromResult(TakeAhead(buffer.Span))
        : ReadOneAsync(buffer, cancellationToken);

    public override int Read(Span<byte> buffer) => _replayed.IsEmpty ? _inner.Read(buffer) : Replay(buffer);

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ReportFirstWrite();
        return _heldCount > 0 || (IsHolding && TryRent(ref _held))
            ? HoldAsync(buffer, cancellationToken)
            : _inner.WriteAsync(buffer, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask ReleaseAsync(CancellationToken cancellationToken) =>
        _held is null ? ValueTask.CompletedTask : SendHeldAsync(isLast: true, cancellationToken);

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
            _isDisposed = true;
            GiveBack(ref _ahead, isUnused: false);
            GiveBack(ref _held, isUnused: false);
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

    /// <summary>One that filled all there was is followed by more, as a rule.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> ReadOneAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var read = await _inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        _mayHaveMore = read > 0 && read == buffer.Length;
        return read;
    }

    /// <summary>Reads what has come already, if that is more than was asked for. Does not wait.</summary>
    private bool TryReadAhead(int asked)
    {
        if (!_mayHaveMore || asked == 0)
        {
            return false;
        }

        _mayHaveMore = false;
        try
        {
            if (socket.Available <= asked || !TryRent(ref _ahead) || _ahead is not { } block)
            {
                return false;
            }

            var read = socket.Receive(block.AsSpan(0, BlockSize), SocketFlags.None, out var error);
            if (error != SocketError.Success || read == 0)
            {
                // The next read says so.
                GiveBack(ref _ahead, isUnused: true);
                return false;
            }

            _mayHaveMore = read == BlockSize;
            Volatile.Write(ref _aheadStart, 0);
            Volatile.Write(ref _aheadEnd, read);
            return true;
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
        {
            GiveBack(ref _ahead, isUnused: true);
            return false;
        }
    }

    private int TakeAhead(Span<byte> buffer)
    {
        if (_ahead is not { } block)
        {
            throw new ObjectDisposedException(nameof(SocketStream));
        }

        var count = Math.Min(buffer.Length, _aheadEnd - _aheadStart);
        block.AsSpan(_aheadStart, count).CopyTo(buffer);
        Volatile.Write(ref _aheadStart, _aheadStart + count);
        if (_aheadStart == _aheadEnd)
        {
            GiveBack(ref _ahead, isUnused: true);
        }

        return count;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask HoldAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken)
    {
        while (!buffer.IsEmpty)
        {
            var count = Math.Min(buffer.Length, BlockSize - _heldCount);
            buffer.Span[..count].CopyTo(Held().AsSpan(_heldCount));
            _heldCount += count;
            buffer = buffer[count..];
            if (_heldCount == BlockSize)
            {
                await SendHeldAsync(isLast: false, cancellationToken).ConfigureAwait(false);
            }
        }

        if (!IsHolding)
        {
            await SendHeldAsync(isLast: true, cancellationToken).ConfigureAwait(false);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask SendHeldAsync(bool isLast, CancellationToken cancellationToken)
    {
        if (_heldCount > 0)
        {
            var held = Held().AsMemory(0, _heldCount);
            _heldCount = 0;
            await _inner.WriteAsync(held, cancellationToken).ConfigureAwait(false);
        }

        if (isLast)
        {
            GiveBack(ref _held, isUnused: true);
        }
    }

    private byte[] Held() => _held ?? throw new ObjectDisposedException(nameof(SocketStream));

    /// <summary>Gets a block, unless the identity has enough memory already.</summary>
    private bool TryRent(ref byte[]? block)
    {
        if (block is not null)
        {
            return true;
        }

        if (Memory?.TryTake(BlockSize) is not true)
        {
            return false;
        }

        // First there, then the look: Dispose finds it, or is seen here.
        Interlocked.Exchange(ref block, ArrayPool<byte>.Shared.Rent(BlockSize));
        if (_isDisposed)
        {
            GiveBack(ref block, isUnused: true);
        }

        return true;
    }

    /// <summary>Gives a block back, once.</summary>
    /// <param name="block">The block.</param>
    /// <param name="isUnused">Whether no other thread may be using it.</param>
    private void GiveBack(ref byte[]? block, bool isUnused)
    {
        if (Interlocked.Exchange(ref block, null) is { } old)
        {
            Memory!.Return(BlockSize);
            if (isUnused)
            {
                ArrayPool<byte>.Shared.Return(old);
            }
        }
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
