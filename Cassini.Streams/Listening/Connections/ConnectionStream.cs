using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Cassini.Streams.Events;
using Cassini.Streams.Primitives;
using Cassini.Streams.Quotas;

namespace Cassini.Streams.Listening.Connections;

/// <summary>
/// The stream that a handler works on: counts bytes, remembers whether the transport ended or failed (so that a handler's own I/O errors
/// are not mistaken for the peer's), and can be broken for a rehearsal.
/// </summary>
/// <param name="inner">The stream of plain bytes.</param>
/// <param name="totals">Where its bytes are counted as well; null for nowhere.</param>
/// <param name="transport">What is below TLS; null when that cannot hold anything.</param>
internal sealed class ConnectionStream(Stream inner, ByteTotals? totals, ITransport? transport = null) : DuplexStream
{
    /// <summary>The most bytes that TLS makes one record of (RFC 8446 §5.1).</summary>
    private const int LargestRecord = 16 * 1024;

    private long _received;
    private long _sent;
    private Exception? _broken;

    public long BytesReceived => Interlocked.Read(ref _received);

    public long BytesSent => Interlocked.Read(ref _sent);

    /// <summary>Whether the transport holds bytes that were not read. Any thread.</summary>
    public bool HasUnread => transport?.HasUnread is true;

    /// <inheritdoc cref="ITransport.Memory"/>
    public AccountMemory? Memory
    {
        set => transport?.Memory = value;
    }

    /// <summary>Whether the next write is followed by another one at once, so that they may be sent together. For the writer.</summary>
    public bool MoreFollows { private get; set; }

    /// <summary>Whether what follows a read may run on the thread of the socket. Not unless it is said: it may take long.</summary>
    public bool StaysOnSocketThread { get; set; }

    /// <summary>Whether the peer closed its side.</summary>
    public bool Ended { get; private set; }

    /// <summary>Whether a read or a write failed for reasons of the transport.</summary>
    public bool Failed { get; private set; }

    /// <summary>Why the connection ended, as far as the transport can tell.</summary>
    public CloseReason HowItEnded => Ended ? CloseReason.PeerClosed : Failed ? CloseReason.ConnectionLost : CloseReason.Completed;

    /// <summary>
    /// One operation, the next one or a pending one once it is cancelled, throws <paramref name="exception"/>. Not those that follow: as
    /// after a real bug, the handler can still say goodbye. Any thread.
    /// </summary>
    public void Break(Exception exception) => Volatile.Write(ref _broken, exception);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ThrowIfBroken();
        try
        {
            var read = await inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            if (!StaysOnSocketThread)
            {
                await SocketThread.LeaveAsync();
            }

            if (read > 0)
            {
                Interlocked.Add(ref _received, read);
                totals?.AddReceived(read);
            }
            else if (!buffer.IsEmpty)
            {
                Ended = true;
            }

            return read;
        }
        catch (Exception exception)
        {
            Note(exception);
            throw;
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ThrowIfBroken();
        try
        {
            var moreFollows = MoreFollows;
            MoreFollows = false;
            transport?.IsHolding = moreFollows || buffer.Length > LargestRecord;
            try
            {
                await inner.WriteAsync(buffer, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                transport?.IsHolding = false;
            }

            if (!moreFollows && transport is not null)
            {
                await transport.ReleaseAsync(cancellationToken).ConfigureAwait(false);
            }

            Interlocked.Add(ref _sent, buffer.Length);
            totals?.AddSent(buffer.Length);
        }
        catch (Exception exception)
        {
            Note(exception);
            throw;
        }
    }

    /// <summary>Whether the transport caused the failure. An I/O error that this stream did not see is the handler's own.</summary>
    public bool Explains(Exception failure) => (Ended || Failed) && failure is IOException or SocketException or ObjectDisposedException;

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    private void Note(Exception exception)
    {
        ThrowIfBroken();
        Failed |= exception is IOException or SocketException or ObjectDisposedException;
    }

    private void ThrowIfBroken()
    {
        if (Volatile.Read(ref _broken) is not null && Interlocked.Exchange(ref _broken, null) is { } exception)
        {
            throw exception;
        }
    }
}
