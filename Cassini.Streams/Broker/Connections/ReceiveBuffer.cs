using System.Buffers;
using System.Runtime.CompilerServices;
using Cassini.Streams.Quotas;

namespace Cassini.Streams.Broker.Connections;

/// <summary>
/// What was received from one client and is not handled yet. Holds no buffer while nothing is received; grows with what is received, not
/// with what a header announces. Belongs to the connection's reader.
/// </summary>
internal sealed class ReceiveBuffer(Stream stream, AccountMemory memory)
{
    /// <summary>Two full TLS records.</summary>
    private const int Normal = 32 * 1024;

    /// <summary>What a client gets whose identity may take no more memory: it must be able to acknowledge.</summary>
    private const int Short = 4 * 1024;

    private byte[]? _buffer;
    private int _start;
    private int _end;
    private bool _busy;

    public ReadOnlySpan<byte> Unread => _buffer.AsSpan(_start, _end - _start);

    public void Advance(int bytes) => _start += bytes;

    /// <summary>
    /// Whether there is memory to read more of a packet, if it is a long one. Not if the identity would have too much: then wait for
    /// memory, or end the connection.
    /// </summary>
    /// <param name="needed">How long the packet at the beginning will be; 0 when unknown.</param>
    public bool MayFill(int needed) =>
        _buffer is null || NextSize(needed) is var size && (size <= Math.Max(Normal, _buffer.Length) || memory.MayTake(size));

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
            memory.Return(buffer.Length);
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void EnsureSpace(int needed)
    {
        if (_buffer is null)
        {
            Rent(needed <= Short && memory.IsClosed ? Short : Normal);
            return;
        }

        // A packet longer than the buffer: the buffer is filled first.
        if (IsFilledFirst(needed))
        {
            return;
        }

        if (IsMovedFirst(needed))
        {
            Unread.CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
            return;
        }

        var old = _buffer;
        var (start, end) = (_start, _end);
        Rent(NextSize(needed));
        old.AsSpan(start, end - start).CopyTo(_buffer);
        (_start, _end) = (0, end - start);
        memory.Return(old.Length);
        ArrayPool<byte>.Shared.Return(old);
    }

    private bool IsFilledFirst(int needed) => _end < _buffer!.Length && (_start == 0 || _buffer.Length - _start >= needed);

    private bool IsMovedFirst(int needed) => _start > 0 && _buffer!.Length >= needed;

    /// <summary>How long the buffer must be to read more.</summary>
    private int NextSize(int needed) => IsFilledFirst(needed) || IsMovedFirst(needed)
        ? _buffer!.Length
        : Math.Min(Math.Max(needed, Normal), Math.Max(Normal, _buffer!.Length * 2));

    private void Rent(int size)
    {
        _buffer = ArrayPool<byte>.Shared.Rent(size);
        memory.Take(_buffer.Length);
    }
}
