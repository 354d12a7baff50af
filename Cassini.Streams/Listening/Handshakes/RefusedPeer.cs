using System.Buffers;
using System.Net.Sockets;

namespace Cassini.Streams.Listening.Handshakes;

/// <summary>
/// Lets the alert of a refused handshake arrive. A client of TLS 1.3 may have sent its first message before it is refused, and a socket
/// that is closed with unread bytes resets the connection: then the client loses the alert.
/// </summary>
internal static class RefusedPeer
{
    private const int MaxBytes = 64 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>Sends the end of this side, and discards what the peer sends until it ends its own; for a bounded time and size.</summary>
    public static async Task ReadToTheEndAsync(Socket socket, TimeProvider time, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        var buffer = ArrayPool<byte>.Shared.Rent(4096);
        try
        {
            socket.Shutdown(SocketShutdown.Send);
            int count;
            for (var left = MaxBytes; left > 0 && (count = await socket.ReceiveAsync(buffer, either.Token)) > 0; left -= count)
            {
            }
        }
        catch (Exception failure) when (failure is SocketException or OperationCanceledException)
        {
            // The peer is gone, or had its time.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
