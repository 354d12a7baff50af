using System.Buffers;
using System.Runtime.CompilerServices;
using Cassini.Streams.Broker.Model;

namespace Cassini.Streams.Broker.Connections;

/// <summary>
/// What was received from one client and is not handled yet. Holds no buffer while nothing is received; grows with what is received, not
/// with what a header announces. Belongs to the connection's reader.
/// </summary>
internal sealed class ReceiveBuffer(Stream stream, MemoryBudget budget)
{
    /// <summary>Two full TLS records.</summary>
    private const int Normal = 32 * 1024;

    private byte[]? _buffer;
    private int _start;
    private int _end;
    private bool _busy;

    public ReadOnlySpan<byte> Unread => _buffer.AsSpan(_start, _end - _start);

    public void Advance(int bytes) => _start += bytes;

    /// <summary>Reads more.</summary>
    /// <param name="needed">How long the packet at the beginning will be; 0 when unknown.</param>
    /// <param name="cancellationToken">Cancelled when the connection ends.</param>
    /// <returns>False when the peer closed its side.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<bool> FillAsync(int needed, CancellationToken cancellationToken)
    {
        if (_start == _end)
        {
            _start = _end = 0;
            if (!_busy || _buffer is null || _buffer.Length > Normal)
            {
                // Nothing more for now: waits without a buffer.
                Free();
                await stream.ReadAsync(Memory<byte>.Empty, cancellationToken).ConfigureAwait(false);
            }
        }

        EnsureSpace(needed);
        var read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken).ConfigureAwait(false);
        _end += read;

        // A read that brought a lot is followed by another, as a rule.
        _busy = read >= Normal / 4;
        return read > 0;
    }

    /// <summary>Gives the buffer back. Not while a read is under way.</summary>
    public void Free()
    {
        if (_buffer is { } buffer)
        {
            _buffer = null;
            _start = _end = 0;
            budget.Return(buffer.Length);
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void EnsureSpace(int needed)
    {
        if (_buffer is null)
        {
            Rent(Normal);
            return;
        }

        // A packet longer than the buffer: the buffer is filled first.
        if (_end < _buffer.Length && (_start == 0 || _buffer.Length - _start >= needed))
        {
            return;
        }

        if (_start > 0 && _buffer.Length >= needed)
        {
            Unread.CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
            return;
        }

        var old = _buffer;
        var (start, end) = (_start, _end);
        Rent(Math.Min(Math.Max(needed, Normal), Math.Max(Normal, old.Length * 2)));
        old.AsSpan(start, end - start).CopyTo(_buffer);
        (_start, _end) = (0, end - start);
        budget.Return(old.Length);
        ArrayPool<byte>.Shared.Return(old);
    }

    private void Rent(int size)
    {
        _buffer = ArrayPool<byte>.Shared.Rent(size);
        budget.Take(_buffer.Length);
    }
}
