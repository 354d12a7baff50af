using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Listening.WebSockets;

/// <summary>
/// The server's side of a WebSocket as a stream of bytes: reads the payload of the client's binary frames, and writes each buffer as one
/// binary frame. It answers pings itself. Reading no bytes into an empty buffer waits until there is payload; meanwhile it holds no
/// buffer. One reader and one writer at a time, asynchronous only.
/// </summary>
/// <param name="inner">The stream of plain bytes.</param>
/// <param name="received">What came after the client's request.</param>
/// <param name="broken">Called once when the client's frames are wrong; from then on nothing is read.</param>
/// <param name="time">The clock.</param>
internal sealed class FramedStream(Stream inner, ReadOnlyMemory<byte> received, Action<FrameViolation> broken, TimeProvider time)
    : DuplexStream
{
    /// <summary>What a client may send at once in frames without payload, in bytes.</summary>
    public const int EmptyBurst = 64 * 1024;

    /// <summary>The same in each second, for ever: many times what a keep alive takes.</summary>
    public const int EmptyRate = 1024;

    private const int LongestHeader = 10;
    private const int LongestReason = 123;

    /// <summary>How much is read at once while nothing but headers and control frames is expected.</summary>
    private const int PartOfControl = 16;

    private readonly FrameDecoder _decoder = new();
    private readonly SemaphoreSlim _writing = new(1);
    private ReadOnlyMemory<byte> _received = received;
    private TokenBucket? _allowance;
    private byte[]? _small;
    private byte[]? _pong;
    private bool _isClosed;

    /// <summary>What was wrong with the client's frames; null for nothing.</summary>
    public FrameViolation? Violation { get; private set; }

    /// <returns>0 when the client closed the WebSocket or the connection, or broke the protocol.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (!IsOver())
        {
            var part = buffer;
            if (buffer.IsEmpty)
            {
                if (_received.IsEmpty)
                {
                    await inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
                }

                if (_decoder.Ahead == 0)
                {
                    return 0;
                }

                _small ??= new byte[PartOfControl];
                part = _small.AsMemory(0, Math.Min(_decoder.Ahead, PartOfControl));
            }

            var read = TakeReceived(part.Span);
            if (read == 0)
            {
                read = await inner.ReadAsync(part, cancellationToken).ConfigureAwait(false);
            }

            if (read == 0)
            {
                return 0;
            }

            var payload = _decoder.Decode(part.Span[..read]);
            TakePing();
            if (payload > 0)
            {
                return payload;
            }
        }

        return 0;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty)
        {
            return;
        }

        await _writing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_isClosed)
            {
                throw new IOException("The WebSocket is closed.");
            }

            await SendAsync(Opcode.Binary, buffer, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _writing.Release();
        }

        AnswerPing();
    }

    /// <summary>Sends a close frame, unless one was sent: nothing can be written after it.</summary>
    /// <param name="status">Why, unless the client closed it or broke the protocol: then that is said.</param>
    /// <param name="reason">The same for people.</param>
    /// <param name="cancellationToken">Ends the wait for what is still being written.</param>
    /// <exception cref="IOException">The connection failed.</exception>
    public async Task CloseAsync(CloseStatus status, string reason, CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!_isClosed)
            {
                _isClosed = true;
                (status, reason) = Violation is { } violation ? (violation.Status, violation.Message)
                    : _decoder.Closed is not null ? (CloseStatus.Normal, "")
                    : (status, reason);
                await SendAsync(Opcode.Close, ClosePayload(status, reason), cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            _writing.Release();
        }
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    private static byte[] ClosePayload(CloseStatus status, string reason)
    {
        var text = Encoding.UTF8.GetBytes(reason);
        var payload = new byte[sizeof(ushort) + Math.Min(text.Length, LongestReason)];
        BinaryPrimitives.WriteUInt16BigEndian(payload, (ushort)status);
        text.AsSpan(0, payload.Length - sizeof(ushort)).CopyTo(payload.AsSpan(sizeof(ushort)));
        return payload;
    }

    private static int WriteHeader(Span<byte> to, Opcode opcode, int length)
    {
        to[0] = (byte)(0x80 | (int)opcode);
        if (length <= 125)
        {
            to[1] = (byte)length;
            return 2;
        }

        if (length <= ushort.MaxValue)
        {
            to[1] = 126;
            BinaryPrimitives.WriteUInt16BigEndian(to[2..], (ushort)length);
            return 4;
        }

        to[1] = 127;
        BinaryPrimitives.WriteUInt64BigEndian(to[2..], (ulong)length);
        return LongestHeader;
    }

    private int TakeReceived(Span<byte> to)
    {
        var count = Math.Min(to.Length, _received.Length);
        _received.Span[..count].CopyTo(to);
        _received = count == _received.Length ? default : _received[count..];
        return count;
    }

    /// <summary>
    /// Whether nothing more is read. What is wrong is reported when the reader comes for more, so that what came before is handled first.
    /// </summary>
    private bool IsOver()
    {
        if (Violation is null && (_decoder.Violation ?? (MayBeEmpty(_decoder.TakeEmpty()) ? null : FrameViolation.Flood)) is { } violation)
        {
            Violation = violation;
            broken(violation);
        }

        return Violation is not null || _decoder.IsOver;
    }

    private void TakePing()
    {
        if (_decoder.TakePing() is { } ping)
        {
            Volatile.Write(ref _pong, ping);
            AnswerPing();
        }
    }

    private bool MayBeEmpty(int bytes)
    {
        if (bytes == 0)
        {
            return true;
        }

        _allowance ??= new TokenBucket(EmptyBurst, EmptyRate, time);
        return _allowance.TryTake(time.GetTimestamp(), bytes);
    }

    /// <summary>
    /// Answers the last ping, now or when what is being written is written. The reader does not wait for it: a peer that reads nothing
    /// could hold it up for ever.
    /// </summary>
    private void AnswerPing()
    {
        if (Volatile.Read(ref _pong) is not null && _writing.Wait(0, CancellationToken.None))
        {
            // It never fails, and whoever closes the WebSocket waits for it.
            _ = SendPongAsync();
        }
    }

    private async Task SendPongAsync()
    {
        try
        {
            if (Interlocked.Exchange(ref _pong, null) is { } pong && !_isClosed)
            {
                await SendAsync(Opcode.Pong, pong, CancellationToken.None).ConfigureAwait(false);
            }
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // The reader and the next writer learn of it, too.
        }
        finally
        {
            _writing.Release();
        }

        AnswerPing();
    }

    private async ValueTask SendAsync(Opcode opcode, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        // In one write, because each becomes a TLS record of its own.
        var frame = ArrayPool<byte>.Shared.Rent(LongestHeader + payload.Length);
        try
        {
            var header = WriteHeader(frame, opcode, payload.Length);
            payload.CopyTo(frame.AsMemory(header));
            await inner.WriteAsync(frame.AsMemory(0, header + payload.Length), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(frame);
        }
    }
}
