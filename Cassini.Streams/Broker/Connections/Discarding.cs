using System.Buffers;
using System.Net.Sockets;

namespace Cassini.Streams.Broker.Connections;

/// <summary>Reads and drops what a peer sends on a connection that is to end, so that the peer comes to read why.</summary>
internal static class Discarding
{
    /// <summary>The most that is read: a peer that sends for ever must not be served for ever.</summary>
    private const long MaxBytes = 64 * 1024 * 1024;

    private const int BufferSize = 16 * 1024;

    /// <summary>Reads between which others have the thread: what has come already is read without a wait.</summary>
    private const int ReadsOfAPiece = 4;

    /// <summary>Reads until the peer closes its side, the connection fails, or it is cancelled. Never fails.</summary>
    /// <param name="stream">The connection. Nothing else reads from it.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public static async Task RunAsync(Stream stream, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            var reads = 0;
            for (var read = 0L; read < MaxBytes;)
            {
                if (++reads % ReadsOfAPiece == 0)
                {
                    await Task.Yield();
                }

                var some = await stream.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
                if (some == 0)
                {
                    return;
                }

                read += some;
            }
        }
        catch (Exception ended) when (ended is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The peer is gone, or the time is over.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
